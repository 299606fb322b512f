import type { FieldError } from '../../machinery/field-errors.js';
import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../machinery/field-path.js';
import { immutableText } from '../../machinery/immutable.js';
import { utf8Length } from '../../machinery/quote.js';
import {
  checkDnsSubdomain,
  type FieldErrors,
  isUnset,
  rangeProblem,
} from '../core-v1/field-checks.js';
import { ageColumn, ageOf, column, nameColumn, sameMeaning } from '../core-v1/pod-spec.js';
import { checkPersistentSources } from '../core-v1/volumes/persistent-sources.js';
import { checkCsiDriverName } from '../core-v1/volumes/source-checks.js';
import type {
  VolumeAttachment,
  VolumeAttachmentSource,
  VolumeAttachmentStatus,
  VolumeError,
} from '../gen/storage-v1.js';
import { storageKind } from './storage-kind.js';

const specPath = fieldPath('spec');
const metadataBytesMax = 256 * 1024;
const messageBytesMax = 1024;
const int32Max = 2 ** 31 - 1;

function validate({ spec = {}, status }: VolumeAttachment): FieldError[] {
  const errors: FieldErrors = [];
  const { attacher, source, nodeName = '' } = spec;
  if (isUnset(attacher)) errors.push(required(specPath.child('attacher'), ''));
  checkSource(source ?? {}, specPath.child('source'), errors);
  checkDnsSubdomain(nodeName, specPath.child('nodeName'), errors);
  if (status) checkStatus(status, errors);
  return errors;
}

function checkSource(
  { persistentVolumeName: name, inlineVolumeSpec }: VolumeAttachmentSource,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (name === undefined && inlineVolumeSpec === undefined) {
    errors.push(required(path, text));
  } else if (name !== undefined && inlineVolumeSpec !== undefined) {
    errors.push(forbiddenField(path, text));
  } else if (name === '') {
    const namePath = path.child('persistentVolumeName');
    errors.push(required(namePath, 'must specify non empty persistentVolumeName'));
  } else if (inlineVolumeSpec !== undefined) {
    checkPersistentSources(inlineVolumeSpec, '', path.child('inlineVolumeSpec'), errors);
  }
}

function checkStatus(status: VolumeAttachmentStatus, errors: FieldErrors): void {
  const path = fieldPath('status');
  const entries = Object.entries(status.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + utf8Length(key) + utf8Length(value), 0);
  if (bytes > metadataBytesMax) {
    errors.push(tooLong(path.child('attachmentMetadata'), '', metadataBytesMax));
  }
  for (const name of ['attachError', 'detachError'] as const) {
    const error = status[name];
    if (error) checkVolumeError(error, path.child(name), errors);
  }
}

function checkVolumeError(
  { message = '', errorCode }: VolumeError,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (utf8Length(message) > messageBytesMax) {
    // The API names the limit of the metadata here.
    errors.push(tooLong(path.child('message'), '', metadataBytesMax));
  }
  if (errorCode === undefined || errorCode >= 0) return;
  errors.push(invalidValue(path.child('errorCode'), errorCode, rangeProblem(0, int32Max)));
}

/** What this version requires beyond the older ones. */
function checkNames({ spec }: VolumeAttachment): FieldError[] {
  const errors: FieldErrors = [];
  checkCsiDriverName(spec?.attacher, specPath.child('attacher'), errors);
  const name = spec?.source?.persistentVolumeName;
  const path = specPath.child('source', 'persistentVolumeName');
  if (name !== undefined) checkDnsSubdomain(name, path, errors);
  return errors;
}

/** The rules of VolumeAttachments. */
export const volumeAttachmentKind = storageKind<VolumeAttachment>('VolumeAttachment', {
  countsGeneration: false,
  validateCreate: (attachment) => [...validate(attachment), ...checkNames(attachment)],
  validateUpdate: (attachment, old) => [
    ...validate(attachment),
    ...(sameMeaning(attachment.spec, old.spec)
      ? []
      : [invalidValue(specPath, attachment.spec, immutableText)]),
  ],
  validateStatusUpdate: validate,
  table: {
    columns: [
      nameColumn,
      column('Attacher', 'Who attaches the volume.'),
      column('PV', 'The volume.'),
      column('Node', 'The node that it is attached to.'),
      column('Attached', 'Whether it is attached.', { type: 'boolean' }),
      ageColumn,
    ],
    cells: ({ metadata, spec, status }, nowMs) => [
      metadata.name ?? '',
      spec?.attacher ?? '',
      spec?.source?.persistentVolumeName ?? '',
      spec?.nodeName ?? '',
      status?.attached ?? false,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  },
});
