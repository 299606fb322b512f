/** `rbac.authorization.k8s.io` -> `RbacAuthorization`; the core group is `Core`. */
export function groupTitle(group: string): string {
  if (group === '') return 'Core';
  const parts = group.replace(/\.k8s\.io$/, '').split('.');
  return parts.map((part) => upperFirst(camel(part))).join('');
}

/** `core_v1`, `rbacAuthorization_v1`. */
export function tagOf(group: string, version: string): string {
  const title = groupTitle(group);
  return `${title.charAt(0).toLowerCase()}${title.slice(1)}_${version}`;
}

/** The name with its first letter as a capital. */
export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function camel(text: string): string {
  return text.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const verbs: Readonly<Record<string, string>> = {
  get: 'read',
  put: 'replace',
  post: 'create',
  patch: 'patch',
  delete: 'delete',
  list: 'list',
  watch: 'watch',
  watchlist: 'watch',
};

/** What makes up the name of an operation. */
export interface OperationName {
  readonly group: string;
  readonly version: string;
  readonly action: string;
  readonly method: string;
  readonly kind: string;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly isNamespaced: boolean;
  readonly isForAllNamespaces: boolean;
  readonly hasPath: boolean;
}

/** `listCoreV1NamespacedPod`, `connectCoreV1GetNamespacedPodExec`: what Kubernetes calls its operations. */
export function operationId(name: OperationName): string {
  const { action, isNamespaced, kind, isForAllNamespaces } = name;
  const version = groupTitle(name.group) + upperFirst(name.version);
  const scope = isNamespaced && !isForAllNamespaces ? 'Namespaced' : '';
  const part = name.subresource.split('/').map(upperFirst).join('');
  const object = `${scope}${kind}${part}`;
  if (action === 'connect') {
    return `connect${version}${upperFirst(name.method)}${object}${name.hasPath ? 'WithPath' : ''}`;
  }
  if (action === 'deletecollection') return `delete${version}Collection${object}`;
  const list = action === 'watchlist' ? 'List' : '';
  const everywhere = isForAllNamespaces ? 'ForAllNamespaces' : '';
  return `${verbs[action]}${version}${object}${list}${everywhere}`;
}
