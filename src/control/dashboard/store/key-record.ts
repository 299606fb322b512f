import { formatId } from '../../../base/ids.js';
import type { KeyValue } from '../../../client/index.js';
import type { KeyRecord, KeyValueRecord, ValueRecord } from '../model/store-documents.js';
import { textOfKey } from './key-text.js';

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A key without its value. */
export function keyRecord(kv: KeyValue): KeyRecord {
  return {
    key: textOfKey(kv.key),
    createRevision: String(kv.createRevision),
    modRevision: String(kv.modRevision),
    version: String(kv.version),
    lease: kv.lease === 0n ? '' : formatId(kv.lease),
  };
}

/** A key with its value. */
export function keyValueRecord(kv: KeyValue): KeyValueRecord {
  return { ...keyRecord(kv), sizeBytes: kv.value.length, value: valueRecord(kv.value) };
}

function valueRecord(value: Uint8Array): ValueRecord {
  try {
    return { encoding: 'utf-8', data: strictDecoder.decode(value) };
  } catch {
    return { encoding: 'base64', data: Buffer.from(value).toString('base64') };
  }
}
