import {
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../machinery/field-path.js';
import {
  checkDnsSubdomain,
  checkNonNegative,
  type FieldErrors,
  isUnset,
} from '../core-v1/field-checks.js';
import { validatePodTemplateSpec } from '../core-v1/pod-spec.js';
import { checkClaimSpec } from '../core-v1/volumes/claim-spec.js';
import type {
  RollingUpdateStatefulSetStrategy,
  StatefulSetPersistentVolumeClaimRetentionPolicy,
  StatefulSetSpec,
  StatefulSetUpdateStrategy,
} from '../gen/apps-v1.js';
import type { PodTemplateSpec } from '../gen/core-v1.js';
import { amountOf, checkAtMost100Percent, checkIntOrPercent } from './int-or-percent.js';
import {
  checkRunsForever,
  checkSelector,
  checkTemplateIsSelected,
  emptySelectorText,
  usableSelector,
} from './selected-template.js';

/** The spec of a StatefulSet; what `old` has wrong already may stay. */
export function checkStatefulSpec(
  spec: StatefulSetSpec,
  old: StatefulSetSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkManagement(spec.podManagementPolicy, path.child('podManagementPolicy'), errors);
  checkStrategy(spec.updateStrategy ?? {}, path.child('updateStrategy'), errors);
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  const retentionPath = path.child('persistentVolumeClaimRetentionPolicy');
  if (retention) checkRetention(retention, retentionPath, errors);
  checkNonNegative(spec.replicas, path.child('replicas'), errors);
  checkNonNegative(spec.minReadySeconds, path.child('minReadySeconds'), errors);
  checkNonNegative(spec.ordinals?.start, path.child('ordinals.start'), errors);
  const emptyText = emptySelectorText('statefulset');
  checkSelector(spec.selector, emptyText, path.child('selector'), errors);
  checkTemplate(spec, old, path, errors);
  checkClaims(spec, old, path.child('volumeClaimTemplates'), errors);
  checkServiceName(spec.serviceName, old?.serviceName, path.child('serviceName'), errors);
}

function checkManagement(policy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (isUnset(policy)) errors.push(required(path, ''));
  else if (policy !== 'OrderedReady' && policy !== 'Parallel') {
    errors.push(invalidValue(path, policy, "must be 'OrderedReady' or 'Parallel'"));
  }
}

function checkStrategy(
  { type, rollingUpdate }: StatefulSetUpdateStrategy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const rollingPath = path.child('rollingUpdate');
  if (isUnset(type)) {
    errors.push(required(path, ''));
  } else if (type === 'RollingUpdate') {
    if (rollingUpdate) checkRollingUpdate(rollingUpdate, rollingPath, errors);
  } else if (type === 'OnDelete') {
    if (!rollingUpdate) return;
    const text = "only allowed for updateStrategy 'RollingUpdate'";
    errors.push(invalidValue(rollingPath, shownRollingUpdate(rollingUpdate), text));
  } else {
    const shown = {
      Type: type,
      RollingUpdate: rollingUpdate ? shownRollingUpdate(rollingUpdate) : null,
    };
    errors.push(invalidValue(path, shown, "must be 'RollingUpdate' or 'OnDelete'"));
  }
}

/** A structure is shown with the names that its fields have inside the server. */
function shownRollingUpdate(update: RollingUpdateStatefulSetStrategy): object {
  return { Partition: update.partition ?? 0, MaxUnavailable: update.maxUnavailable ?? null };
}

function checkRollingUpdate(
  { partition, maxUnavailable }: RollingUpdateStatefulSetStrategy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkNonNegative(partition, path.child('partition'), errors);
  if (maxUnavailable === undefined) return;
  const unavailablePath = path.child('maxUnavailable');
  checkIntOrPercent(maxUnavailable, unavailablePath, errors);
  if (amountOf(maxUnavailable) === 0) {
    errors.push(invalidValue(unavailablePath, maxUnavailable, 'cannot be 0'));
  }
  checkAtMost100Percent(maxUnavailable, unavailablePath, errors);
}

function checkRetention(
  { whenDeleted = '', whenScaled = '' }: StatefulSetPersistentVolumeClaimRetentionPolicy,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [name, policy] of Object.entries({ whenDeleted, whenScaled })) {
    if (policy === 'Retain' || policy === 'Delete') continue;
    errors.push(notSupported(path.child(name), policy, ['Retain', 'Delete']));
  }
}

function checkTemplate(
  spec: StatefulSetSpec,
  old: StatefulSetSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const templatePath = path.child('template');
  const selector = usableSelector(spec.selector);
  if (selector === undefined) {
    errors.push(invalidValue(path.child('selector'), spec.selector, ''));
  } else {
    if (!selector.isEverything) {
      checkTemplateIsSelected(selector, spec.template, templatePath, errors);
    }
    const before = old && withClaims(old);
    const wasBad = before && validatePodTemplateSpec(before, undefined, templatePath).length > 0;
    if (!wasBad) errors.push(...validatePodTemplateSpec(withClaims(spec), before, templatePath));
  }
  checkRunsForever(spec.template, 'StatefulSet', templatePath, errors);
}

/** The template as its pods will be: each claim is a volume of its name, in place of one that the template has. */
function withClaims({ template, volumeClaimTemplates }: StatefulSetSpec): PodTemplateSpec {
  const names = (volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
  if (names.length === 0) return template ?? {};
  const own = (template?.spec?.volumes ?? []).filter(({ name = '' }) => !names.includes(name));
  const claims = [...new Set(names)].map((name) => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }));
  return { ...template, spec: { ...template?.spec, volumes: [...own, ...claims] } };
}

function checkClaims(
  { volumeClaimTemplates: claims }: StatefulSetSpec,
  old: StatefulSetSpec | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (old !== undefined) return;
  claims?.forEach(({ spec }, at) => {
    const options = { allowsInvalidApiGroup: false };
    checkClaimSpec(spec ?? {}, options, path.index(at).child('spec'), errors);
  });
}

function checkServiceName(
  name: string | undefined,
  old: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(name) || name === old) return;
  checkDnsSubdomain(name, path, errors);
}
