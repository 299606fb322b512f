import { type FieldPath, invalidValue, required } from '../../../machinery/field-path.js';
import type { ISCSIVolumeSource } from '../../gen/core-v1.js';
import { type FieldErrors, isUnset } from '../field-checks.js';
import { checkLun } from './source-checks.js';

/** Formats of the names of initiators and targets (RFC 3720 section 3.2.6). Only the first is looked for anywhere in the name. */
const nameFormats: readonly { readonly prefix: string; readonly format: RegExp }[] = [
  { prefix: 'iqn', format: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$/ },
  { prefix: 'eui', format: /^eui.[A-Za-z0-9]{16}$/ },
  { prefix: 'naa', format: /^naa.[A-Za-z0-9]{32}$/ },
];

const unknownFormat = 'must be valid format';
const unknownInPod = 'must be valid format starting with iqn, eui, or naa';

const portalAndVolumeMax = 64;
const tooLongText =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

type IscsiSource = Omit<ISCSIVolumeSource, 'secretRef'> & {
  readonly secretRef?: { readonly name?: string };
};

/** A unit of an iSCSI target in a pod. What concerns the volume's name is {@link checkIscsiVolumeName}. */
export function checkIscsi(source: IscsiSource, path: FieldPath, errors: FieldErrors): void {
  checkPortalAndName(source, path, unknownInPod, errors);
  checkChap(source, path, errors);
  checkInitiator(source, path, unknownInPod, errors);
}

/** A unit of an iSCSI target as a persistent volume called `volumeName`. */
export function checkPersistentIscsi(
  source: IscsiSource,
  volumeName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (isNameTooLong(source, volumeName)) {
    errors.push(invalidValue(path.child('targetportal'), source.targetPortal ?? '', tooLongText));
  }
  checkPortalAndName(source, path, unknownFormat, errors);
  checkChap(source, path, errors);
  if (source.secretRef && isUnset(source.secretRef.name)) {
    errors.push(required(path.child('secretRef', 'name'), ''));
  }
  checkInitiator(source, path, unknownFormat, errors);
}

/** `unknown` says what is wrong with a name of no known format. */
function checkPortalAndName(
  { targetPortal, iqn, lun = 0 }: IscsiSource,
  path: FieldPath,
  unknown: string,
  errors: FieldErrors,
): void {
  if (isUnset(targetPortal)) errors.push(required(path.child('targetPortal'), ''));
  if (isUnset(iqn)) errors.push(required(path.child('iqn'), ''));
  else checkName(iqn, path.child('iqn'), unknown, errors);
  checkLun({ lun }, path, errors);
}

function checkChap(source: IscsiSource, path: FieldPath, errors: FieldErrors): void {
  if (!source.chapAuthDiscovery && !source.chapAuthSession) return;
  if (source.secretRef === undefined) errors.push(required(path.child('secretRef'), ''));
}

function checkInitiator(
  { initiatorName }: IscsiSource,
  path: FieldPath,
  unknown: string,
  errors: FieldErrors,
): void {
  if (initiatorName === undefined) return;
  checkName(initiatorName, path.child('initiatorname'), unknown, errors);
}

function checkName(name: string, path: FieldPath, unknown: string, errors: FieldErrors): void {
  const known = nameFormats.find(({ prefix }) => name.startsWith(prefix));
  if (known === undefined) errors.push(invalidValue(path, name, unknown));
  else if (!known.format.test(name)) errors.push(invalidValue(path, name, unknownFormat));
}

/** The name of a pod's volume becomes part of a path on the node; it may not be too long beside the portal. */
export function checkIscsiVolumeName(
  source: IscsiSource,
  volumeName: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (!isNameTooLong(source, volumeName)) return;
  errors.push(invalidValue(path.child('name'), volumeName, tooLongText));
}

function isNameTooLong({ initiatorName, targetPortal = '' }: IscsiSource, volume: string): boolean {
  return initiatorName !== undefined && `${volume}:${targetPortal}`.length > portalAndVolumeMax;
}
