import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import type { Container } from '../../gen/core-v1.js';
import { checkDnsLabel, checkOneOf, type FieldErrors, isUnset } from '../field-checks.js';
import { checkContainerResourceName, checkRequirements } from '../resource-rules.js';
import { checkPullPolicy } from '../volumes/source-checks.js';
import { checkEnv, checkEnvFrom } from './env.js';
import { checkVolumeDevices, checkVolumeMounts, type VolumesByName } from './mounts.js';
import { checkContainerPorts } from './ports.js';
import { checkResizePolicies } from './restart-rules.js';
import { checkSecurityContext } from './security-context.js';

/** What a container's rules depend on of its pod. */
export interface ContainerSurroundings {
  readonly volumes: VolumesByName;
  readonly claimNames: ReadonlySet<string>;
  readonly podRestartPolicy: string | undefined;
  readonly usesHostUsers: boolean;
  readonly allowsPartialHugePages: boolean;
}

const messagePolicies = ['File', 'FallbackToLogsOnError'];

/** What holds for containers of every kind. */
export function checkContainer(
  container: Container,
  pod: ContainerSurroundings,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isUnset(container.name)) errors.push(required(path.child('name'), ''));
  else checkDnsLabel(container.name, path.child('name'), errors);
  if (isUnset(container.image)) errors.push(required(path.child('image'), ''));
  const messagePath = path.child('terminationMessagePolicy');
  checkOneOf(container.terminationMessagePolicy, messagePolicies, messagePath, errors);
  checkContainerPorts(container.ports, path.child('ports'), errors);
  checkEnv(container.env, path.child('env'), errors);
  checkEnvFrom(container.envFrom, path.child('envFrom'), errors);
  checkVolumeMounts(container, pod.volumes, path.child('volumeMounts'), errors);
  checkVolumeDevices(container, pod.volumes, path.child('volumeDevices'), errors);
  checkPullPolicy(container.imagePullPolicy, path.child('imagePullPolicy'), errors);
  const rules = { ...pod, checkName: checkContainerResourceName };
  checkRequirements(container.resources, rules, path.child('resources'), errors);
  const resizePath = path.child('resizePolicy');
  checkResizePolicies(container.resizePolicy, pod.podRestartPolicy, resizePath, errors);
  const contextPath = path.child('securityContext');
  checkSecurityContext(container.securityContext, pod.usesHostUsers, contextPath, errors);
}

/** An image's name in a pod, which templates may still have as a placeholder of spaces. */
export function checkImageText(
  image: string | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (image === undefined || image.trim() === image) return;
  const text = 'must not have leading or trailing whitespace';
  errors.push(invalidValue(path.child('image'), image, text));
}
