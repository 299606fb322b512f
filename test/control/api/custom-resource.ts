import type { ServedResource } from '../../../src/control/api/scheme.js';
import { customStorageLocation } from '../../../src/control/api/storage-location.js';
import { customNode } from './custom-node.js';

/** A version of the custom resource `crontabs` of `stable.example.com`, stored as v1. */
export function cronTabs(version: string): ServedResource {
  const group = 'stable.example.com';
  const kind = { group, version, kind: 'CronTab' };
  return {
    ...kind,
    resource: 'crontabs',
    singular: 'crontab',
    listKind: 'CronTabList',
    isNamespaced: true,
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    shortNames: ['ct'],
    categories: ['all'],
    subresources: [
      { name: 'status', kind, verbs: ['get', 'patch', 'update'], isConnection: false },
    ],
    storage: customStorageLocation({ group, storedVersion: 'v1', resource: 'crontabs' }),
    schema: customNode({ type: 'object' }),
    rules: {},
    conversion: null,
    isCustom: true,
  };
}
