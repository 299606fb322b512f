import { createHash } from 'node:crypto';
import type { Container, Pod, ResourceRequirements } from '../../api/gen/core-v1.js';

const prefix = 'io.kubernetes.';
const names = {
  pod: `${prefix}pod.name`,
  namespace: `${prefix}pod.namespace`,
  uid: `${prefix}pod.uid`,
  container: `${prefix}container.name`,
  hash: `${prefix}container.hash`,
  restarts: `${prefix}container.restartCount`,
  messagePath: `${prefix}container.terminationMessagePath`,
  messagePolicy: `${prefix}container.terminationMessagePolicy`,
  grace: `${prefix}pod.terminationGracePeriod`,
  preStop: `${prefix}container.preStopHandler`,
  resources: `${prefix}container.resources`,
  volumeImages: 'flotilla.dev/volume-images',
} as const;

/** Of which pod and container something in the runtime is. */
export interface RuntimeLabels {
  readonly pod: string;
  readonly namespace: string;
  readonly uid: string;
  /** '' of a sandbox. */
  readonly container: string;
}

/** What a container's annotations keep for a kubelet that has not seen it before. */
export interface ContainerNotes {
  readonly hash: string;
  readonly messagePath: string;
  readonly messagePolicy: string;
  readonly graceSeconds: number;
  /** JSON of the handler; '' without. */
  readonly preStop: string;
  /** What it was made with; null: not noted. */
  readonly resources: ResourceRequirements | null;
}

/** The labels by which a sandbox or a container is found again. */
export function runtimeLabels({ metadata }: Pod, container = ''): Record<string, string> {
  const { name = '', namespace = '', uid = '', labels = {} } = metadata;
  return {
    ...(container === '' ? labels : { [names.container]: container }),
    [names.pod]: name,
    [names.namespace]: namespace,
    [names.uid]: uid,
  };
}

/** Null: not one of a kubelet's. */
export function labelsOf(labels: Readonly<Record<string, string>>): RuntimeLabels | null {
  const uid = labels[names.uid];
  if (uid === undefined) return null;
  return {
    pod: labels[names.pod] ?? '',
    namespace: labels[names.namespace] ?? '',
    uid,
    container: labels[names.container] ?? '',
  };
}

/** The annotations of a container. */
export function containerNotes(
  { spec }: Pod,
  container: Container,
  attempt: number,
): Record<string, string> {
  const preStop = container.lifecycle?.preStop;
  return {
    [names.hash]: containerHash(container),
    [names.restarts]: String(attempt),
    [names.messagePath]: container.terminationMessagePath ?? '/dev/termination-log',
    [names.messagePolicy]: container.terminationMessagePolicy ?? 'File',
    [names.grace]: String(spec?.terminationGracePeriodSeconds ?? 30),
    [names.resources]: JSON.stringify(container.resources ?? {}),
    ...(preStop === undefined ? {} : { [names.preStop]: JSON.stringify(preStop) }),
  };
}

/** The annotation that names the images which a container has as volumes: they are in use like its own. */
export function volumeImageNotes(refs: readonly string[]): Record<string, string> {
  return refs.length === 0 ? {} : { [names.volumeImages]: refs.join(' ') };
}

/** The images that a container has as volumes. */
export function volumeImagesOf(annotations: Readonly<Record<string, string>>): readonly string[] {
  const noted = annotations[names.volumeImages];
  return noted === undefined ? [] : noted.split(' ');
}

/** What a container's annotations say. */
export function notesOf(annotations: Readonly<Record<string, string>>): ContainerNotes {
  const grace = Number(annotations[names.grace] ?? 30);
  const resources = annotations[names.resources];
  return {
    hash: annotations[names.hash] ?? '',
    messagePath: annotations[names.messagePath] ?? '',
    messagePolicy: annotations[names.messagePolicy] ?? 'File',
    graceSeconds: Number.isFinite(grace) ? grace : 30,
    preStop: annotations[names.preStop] ?? '',
    resources: resources === undefined ? null : (JSON.parse(resources) as ResourceRequirements),
  };
}

/** Of what cannot change in a running container: with another one it is replaced. */
export function containerHash({ name, image }: Container): string {
  return createHash('sha256').update(JSON.stringify({ name, image })).digest('hex').slice(0, 8);
}
