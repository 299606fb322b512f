import { type FieldPath, fieldPath } from '../../../machinery/field-path.js';
import { dnsLabelProblems } from '../../../machinery/names.js';
import type { ObjectMeta } from '../../../machinery/object.js';
import { quote } from '../../../machinery/quote.js';
import type { Pod, PodSpec, PodTemplateSpec, Volume } from '../../gen/core-v1.js';
import { deprecatedLabel, nodeSelectorTermWarnings } from '../node-labels.js';
import { podAffinityTerms } from './affinity.js';
import { appArmorPrefix, seccompPodAnnotation } from './annotations.js';
import { containerWarnings, fractionWarnings, portWarnings } from './container-warnings.js';
import { allContainers } from './containers.js';
import { tokenPathWarnings } from './token-path-warnings.js';

/** What to tell who makes a pod. */
export function podWarnings(pod: Pod): string[] {
  const warnings = specWarnings(pod.spec ?? {}, pod.metadata, undefined);
  const problems = dnsLabelProblems(pod.metadata.name ?? '');
  if (problems.length > 0) {
    warnings.unshift(
      `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
    );
  }
  return warnings;
}

/** What to tell who writes a template of pods. */
export function podTemplateWarnings(
  template: PodTemplateSpec | undefined,
  path: FieldPath,
): string[] {
  return template === undefined ? [] : specWarnings(template.spec ?? {}, template.metadata, path);
}

const deprecatedAnnotations: readonly (readonly [key: string, warning: string])[] = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    'security.alpha.kubernetes.io/sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
];

const nullSelector = 'a null labelSelector results in matching no pod';

function specWarnings(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  template: FieldPath | undefined,
): string[] {
  const specPath = template?.child('spec') ?? fieldPath('spec');
  const annotationsPath = (template ?? fieldPath('metadata')).child(
    ...(template === undefined ? ['annotations'] : ['metadata', 'annotations']),
  );
  const annotations = meta?.annotations ?? {};
  return [
    ...placementWarnings(spec, specPath),
    ...deprecatedAnnotations.flatMap(([key, warning]) =>
      annotations[key] === undefined ? [] : [`${annotationsPath.key(key)}: ${warning}`],
    ),
    ...(spec.volumes ?? []).flatMap((volume, at) =>
      volumeWarnings(volume, specPath.child('volumes').index(at)),
    ),
    ...tokenPathWarnings(spec, specPath),
    ...duplicateWarnings(spec, specPath),
    ...fractionWarnings(spec.overhead, specPath.child('overhead')),
    ...profileWarnings(spec, annotations, annotationsPath),
    ...containerWarnings(spec, annotations, { specPath, annotationsPath }),
    ...portWarnings(spec, specPath),
    ...graceWarnings(spec, specPath),
    ...podAffinityTerms(spec.affinity, specPath.child('affinity'))
      .filter(({ term }) => term.labelSelector === undefined)
      .map(({ path }) => `${path.child('labelSelector')}: ${nullSelector}`),
  ];
}

function placementWarnings(spec: PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  for (const key of Object.keys(spec.nodeSelector ?? {}).sort()) {
    const warning = deprecatedLabel(key);
    if (warning !== undefined) warnings.push(`${path.child('nodeSelector').key(key)}: ${warning}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const affinityPath = path.child('affinity', 'nodeAffinity');
  const required = affinityPath.child('requiredDuringSchedulingIgnoredDuringExecution');
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  terms?.forEach((term, at) => {
    const termPath = required.child('nodeSelectorTerms').index(at);
    warnings.push(...nodeSelectorTermWarnings(term, termPath));
  });
  const preferred = affinityPath.child('preferredDuringSchedulingIgnoredDuringExecution');
  affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ preference }, at) => {
    const termPath = preferred.index(at).child('preference');
    warnings.push(...nodeSelectorTermWarnings(preference, termPath));
  });
  spec.topologySpreadConstraints?.forEach(({ topologyKey, labelSelector }, at) => {
    const entry = path.child('topologySpreadConstraints').index(at);
    const warning = deprecatedLabel(topologyKey);
    if (warning !== undefined) {
      warnings.push(`${entry.child('topologyKey')}: ${topologyKey} is ${warning}`);
    }
    if (labelSelector === undefined) {
      warnings.push(`${entry.child('labelSelector')}: ${nullSelector}`);
    }
  });
  return warnings;
}

/** Kinds of volumes that do nothing any more; `shownAs` is what warnings call them. */
const deprecatedVolumes: readonly {
  readonly kind: keyof Volume;
  readonly shownAs?: string;
  readonly warning: string;
}[] = [
  { kind: 'photonPersistentDisk', warning: 'deprecated in v1.11, non-functional in v1.16+' },
  { kind: 'gitRepo', warning: 'deprecated in v1.11' },
  { kind: 'scaleIO', warning: 'deprecated in v1.16, non-functional in v1.22+' },
  { kind: 'flocker', warning: 'deprecated in v1.22, non-functional in v1.25+' },
  {
    kind: 'storageos',
    shownAs: 'storageOS',
    warning: 'deprecated in v1.22, non-functional in v1.25+',
  },
  { kind: 'quobyte', warning: 'deprecated in v1.22, non-functional in v1.25+' },
  { kind: 'glusterfs', warning: 'deprecated in v1.25, non-functional in v1.26+' },
  { kind: 'cephfs', warning: 'deprecated in v1.28, non-functional in v1.31+' },
  { kind: 'rbd', warning: 'deprecated in v1.28, non-functional in v1.31+' },
];

function volumeWarnings(volume: Volume, path: FieldPath): string[] {
  return deprecatedVolumes
    .filter(({ kind }) => volume[kind] !== undefined)
    .map(({ kind, shownAs, warning }) => `${path.child(shownAs ?? kind)}: ${warning}`);
}

function duplicateWarnings(spec: PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  const ips = new Set<string>();
  spec.hostAliases?.forEach(({ ip = '' }, at) => {
    const entry = path.child('hostAliases').index(at).child('ip');
    if (ips.has(ip)) warnings.push(`${entry}: duplicate ip ${quote(ip)}`);
    ips.add(ip);
  });
  const names = new Set<string>();
  const secretPath = (at: number) => path.child('imagePullSecrets').index(at).child('name');
  spec.imagePullSecrets?.forEach(({ name = '' }, at) => {
    if (names.has(name)) warnings.push(`${secretPath(at)}: duplicate name ${quote(name)}`);
    names.add(name);
  });
  spec.imagePullSecrets?.forEach(({ name = '' }, at) => {
    if (name === '') warnings.push(`${secretPath(at)}: invalid empty name ""`);
  });
  return warnings;
}

function profileWarnings(
  spec: PodSpec,
  annotations: Readonly<Record<string, string>>,
  path: FieldPath,
): string[] {
  const warnings: string[] = [];
  if (!spec.securityContext?.seccompProfile && annotations[seccompPodAnnotation] !== undefined) {
    const text = 'non-functional in v1.27+; use the "seccompProfile" field instead';
    warnings.push(`${path.key(seccompPodAnnotation)}: ${text}`);
  }
  for (const { name = '' } of allContainers(spec)) {
    if (annotations[appArmorPrefix + name] === undefined) continue;
    const text = 'deprecated since v1.30; use the "appArmorProfile" field instead';
    warnings.push(`${path.key(appArmorPrefix + name)}: ${text}`);
  }
  return warnings;
}

function graceWarnings(spec: PodSpec, path: FieldPath): string[] {
  if ((spec.terminationGracePeriodSeconds ?? 0) >= 0) return [];
  const text = 'must be >= 0; negative values are invalid and will be treated as 1';
  return [`${path.child('terminationGracePeriodSeconds')}: ${text}`];
}
