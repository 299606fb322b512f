import type { ServedGroup } from '../scheme.js';
import { metaDefinition } from './definition-names.js';
import type { ApiOperation } from './operation.js';
import { groupTitle, tagOf, upperFirst } from './operation-id.js';

/** The operations that tell what there is: of the server, of each group, and of each of its versions. */
export function discoveryOperations(groups: readonly ServedGroup[]): readonly ApiOperation[] {
  const rest = groups.filter(({ group }) => group !== '');
  return [
    document('/version/', 'version', 'getCodeVersion', 'io.k8s.apimachinery.pkg.version.Info'),
    document('/api/', 'core', 'getCoreAPIVersions', metaDefinition('APIVersions')),
    document('/apis/', 'apis', 'getAPIVersions', metaDefinition('APIGroupList')),
    ...rest.map(({ group }) => groupOperation(group)),
    ...groups.flatMap(({ group, versions }) =>
      versions.map(({ version }) => versionOperation(group, version)),
    ),
  ];
}

function groupOperation(group: string): ApiOperation {
  const title = groupTitle(group);
  const tag = title.charAt(0).toLowerCase() + title.slice(1);
  return document(`/apis/${group}/`, tag, `get${title}APIGroup`, metaDefinition('APIGroup'));
}

function versionOperation(group: string, version: string): ApiOperation {
  const path = group === '' ? `/api/${version}/` : `/apis/${group}/${version}/`;
  const id = `get${groupTitle(group)}${upperFirst(version)}APIResources`;
  return document(path, tagOf(group, version), id, metaDefinition('APIResourceList'));
}

function document(path: string, tag: string, id: string, answer: string): ApiOperation {
  return {
    ...{ path, method: 'get', id, tag, answer },
    description: 'Tells what this server serves.',
    ...{ action: '', kind: null, query: [], pathQuery: [] },
    ...{ body: '', isBodyRequired: false, codes: [200] },
    content: path === '/version/' ? 'json' : 'object',
  };
}
