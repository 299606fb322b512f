import {
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundValue,
  required,
} from '../../../machinery/field-path.js';
import type { Container, Volume, VolumeDevice, VolumeMount } from '../../gen/core-v1.js';
import { checkSupported, type FieldErrors, isUnset } from '../field-checks.js';
import { checkDescendingPath, hasBacksteps } from '../paths.js';

/** The volumes of a pod that are sound, by name. */
export type VolumesByName = ReadonlyMap<string, Volume>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveReadOnlyModes = ['Disabled', 'Enabled', 'IfPossible'];

/** Where a container mounts volumes: each is there, no path is used twice, nor by a device. */
export function checkVolumeMounts(
  container: Container,
  volumes: VolumesByName,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const deviceNames = new Set(container.volumeDevices?.map((device) => device.name ?? ''));
  const devicePaths = new Set(container.volumeDevices?.map((device) => device.devicePath ?? ''));
  const mountPaths = new Set<string>();
  container.volumeMounts?.forEach((mount, at) => {
    const entry = path.index(at);
    const name = mount.name ?? '';
    const mountPath = mount.mountPath ?? '';
    if (name === '') errors.push(required(entry.child('name'), ''));
    if (!volumes.has(name)) errors.push(notFoundValue(entry.child('name'), name));
    if (mountPath === '') errors.push(required(entry.child('mountPath'), ''));
    if (mountPaths.has(mountPath)) {
      errors.push(invalidValue(entry.child('mountPath'), mountPath, 'must be unique'));
    }
    mountPaths.add(mountPath);
    if (deviceNames.has(name)) {
      const text = 'must not already exist in volumeDevices';
      errors.push(invalidValue(entry.child('name'), name, text));
    }
    if (devicePaths.has(mountPath)) {
      const text = 'must not already exist as a path in volumeDevices';
      errors.push(invalidValue(entry.child('mountPath'), mountPath, text));
    }
    checkSubPaths(mount, { list: path, entry }, errors);
    // The API names the list here, not the mount.
    checkPropagation(mount, container, path.child('mountPropagation'), errors);
    checkRecursiveReadOnly(mount, path.child('recursiveReadOnly'), errors);
  });
}

function checkSubPaths(
  mount: VolumeMount,
  { list, entry }: { readonly list: FieldPath; readonly entry: FieldPath },
  errors: FieldErrors,
): void {
  const { subPath, subPathExpr } = mount;
  if (!isUnset(subPath)) checkDescendingPath(subPath, list.child('subPath'), errors);
  if (isUnset(subPathExpr)) return;
  if (!isUnset(subPath)) {
    const text = 'subPathExpr and subPath are mutually exclusive';
    errors.push(invalidValue(entry.child('subPathExpr'), subPathExpr, text));
  }
  checkDescendingPath(subPathExpr, list.child('subPathExpr'), errors);
}

function checkPropagation(
  mount: VolumeMount,
  container: Container,
  path: FieldPath,
  errors: FieldErrors,
): void {
  checkSupported(mount.mountPropagation, propagations, path, errors);
  const isPrivileged = container.securityContext?.privileged === true;
  if (mount.mountPropagation === 'Bidirectional' && !isPrivileged) {
    const text = 'Bidirectional mount propagation is available only to privileged containers';
    errors.push(forbiddenField(path, text));
  }
}

function checkRecursiveReadOnly(mount: VolumeMount, path: FieldPath, errors: FieldErrors): void {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return;
  if (!recursiveReadOnlyModes.includes(mode)) {
    checkSupported(mode, recursiveReadOnlyModes, path, errors);
    return;
  }
  if (!mount.readOnly) {
    errors.push(forbiddenField(path, 'may only be specified when readOnly is true'));
  }
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const text = 'may only be specified when mountPropagation is None or not specified';
    errors.push(forbiddenField(path, text));
  }
}

/** Where a container has volumes as raw devices: only claims can be, and no path is used twice, nor by a mount. */
export function checkVolumeDevices(
  container: Container,
  volumes: VolumesByName,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = { names: new Set<string>(), paths: new Set<string>() };
  container.volumeDevices?.forEach((device, at) => {
    const entry = path.index(at);
    const name = device.name ?? '';
    if (name === '') errors.push(required(entry.child('name'), ''));
    if (seen.names.has(name)) {
      errors.push(invalidValue(entry.child('name'), name, 'must be unique'));
    }
    checkDeviceVolume(name, volumes.get(name), entry.child('name'), errors);
    checkDevicePath(device, seen.paths, entry.child('devicePath'), errors);
    checkDeviceAgainstMounts(device, container.volumeMounts ?? [], entry, errors);
    if (name !== '') seen.names.add(name);
  });
}

function checkDeviceVolume(
  name: string,
  volume: Volume | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (volume === undefined) {
    errors.push(notFoundValue(path, name));
  } else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    const text =
      'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    errors.push(invalidValue(path, name, text));
  }
}

function checkDevicePath(
  device: VolumeDevice,
  seen: Set<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const devicePath = device.devicePath ?? '';
  if (devicePath === '') errors.push(required(path, ''));
  if (seen.has(devicePath)) errors.push(invalidValue(path, devicePath, 'must be unique'));
  if (hasBacksteps(devicePath)) {
    errors.push(invalidValue(path, devicePath, "can not contain backsteps ('..')"));
  } else seen.add(devicePath);
}

function checkDeviceAgainstMounts(
  device: VolumeDevice,
  mounts: readonly VolumeMount[],
  entry: FieldPath,
  errors: FieldErrors,
): void {
  const name = device.name ?? '';
  const devicePath = device.devicePath ?? '';
  if (mounts.some((mount) => (mount.name ?? '') === name)) {
    const text = 'must not already exist in volumeMounts';
    errors.push(invalidValue(entry.child('name'), name, text));
  }
  if (mounts.some((mount) => (mount.mountPath ?? '') === devicePath)) {
    const text = 'must not already exist as a path in volumeMounts';
    errors.push(invalidValue(entry.child('devicePath'), devicePath, text));
  }
}
