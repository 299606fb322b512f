/** A parameter of a path or of a query. */
export interface ParameterFact {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
}

const text = (description: string): ParameterFact => ({ type: 'string', description });
const flag = (description: string): ParameterFact => ({ type: 'boolean', description });
const count = (description: string): ParameterFact => ({ type: 'integer', description });

/** Every query parameter of the API, by name. What differs from one operation to another has a name in front: `log:container`. */
export const queryParameters: Readonly<Record<string, ParameterFact>> = {
  allowWatchBookmarks: flag(
    'Asks for BOOKMARK events, which tell how far a watch has come when nothing happens.',
  ),
  continue: text('The token of an earlier page of the same list: the next page is answered.'),
  dryRun: text('`All`: everything is checked and nothing is stored.'),
  fieldManager: text('Who is said to manage the fields that this request sets.'),
  fieldSelector: text(
    'Only objects whose fields have these values: `metadata.name=a,status.phase!=b`.',
  ),
  fieldValidation: text(
    'What becomes of unknown and repeated fields: `Strict` refuses them, `Warn` warns of them, `Ignore` drops them.',
  ),
  force: flag('Server-side apply: takes fields over from other managers. Only for apply patches.'),
  gracePeriodSeconds: count('How long whoever runs the object has to end it; 0 deletes at once.'),
  ignoreStoreReadErrorWithClusterBreakingPotential: flag(
    'Deletes an object that cannot be read any more, without looking at its finalizers.',
  ),
  labelSelector: text('Only objects with these labels: `a=b,c in (d,e),!f`.'),
  limit: count('How many objects a page has at most; `continue` asks for the next.'),
  orphanDependents: flag('Old form of `propagationPolicy`: whether dependents stay.'),
  pretty: text('`true`: the answer is indented for people.'),
  propagationPolicy: text('What becomes of dependents: `Orphan`, `Background` or `Foreground`.'),
  resourceVersion: text('How fresh the answer must be, or where a watch starts.'),
  resourceVersionMatch: text('How `resourceVersion` is meant: `NotOlderThan` or `Exact`.'),
  sendInitialEvents: flag('A watch starts with an ADDED event for every object that there is.'),
  shardSelector: text('Only objects of one shard of the collection.'),
  timeoutSeconds: count('How long the list may take, or the watch goes on.'),
  watch: flag('Answers changes as they happen, not a list.'),
  'attach:container': text('The container to attach to; the only one by default.'),
  'attach:stderr': flag('Whether standard error is sent.'),
  'attach:stdin': flag('Whether standard input is taken.'),
  'attach:stdout': flag('Whether standard output is sent.'),
  'attach:tty': flag('Whether there is a terminal.'),
  'exec:command': text('The program and its arguments; repeated, not split by a shell.'),
  'exec:container': text('The container to run it in; the only one by default.'),
  'exec:stderr': flag('Whether standard error is sent.'),
  'exec:stdin': flag('Whether standard input is taken.'),
  'exec:stdout': flag('Whether standard output is sent.'),
  'exec:tty': flag('Whether there is a terminal.'),
  'log:container': text('The container whose log is read; the only one by default.'),
  'log:follow': flag('Goes on with what is written later.'),
  'log:insecureSkipTLSVerifyBackend': flag("Does not check the node's certificate."),
  'log:limitBytes': count('How many bytes are answered at most.'),
  'log:previous': flag('Reads the log of the container before its last restart.'),
  'log:sinceSeconds': count('Only lines of so many seconds back.'),
  'log:stream': text('`All`, `Stdout` or `Stderr`.'),
  'log:tailLines': count('Only so many lines from the end.'),
  'log:timestamps': flag('Puts its time in front of every line.'),
  'portforward:ports': count('The port to forward to; several when repeated.'),
  'proxy:path': text('The path at the other side.'),
};

/** What is in braces in paths. */
export const pathParameters: Readonly<Record<string, ParameterFact>> = {
  name: text('The name of the object.'),
  namespace: text('The namespace that the object is in.'),
  path: text('The path at the other side.'),
};

/** What the name of a parameter is in a request. */
export function requestName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Parameters of lists and watches. */
export const listQuery: readonly string[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'shardSelector',
  'timeoutSeconds',
  'watch',
];

/** Parameters of writes that carry an object. */
export const writeQuery: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];

/** Parameters of deletions. */
export const deleteQuery: readonly string[] = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];

/** Parameters of deletions of collections. */
export const deleteCollectionQuery: readonly string[] = [
  ...new Set([
    ...deleteQuery,
    ...listQuery.filter((name) => name !== 'watch' && name !== 'allowWatchBookmarks'),
  ]),
].sort();

/** The parameters of a connection or of a log. */
export function subresourceQuery(subresource: string): readonly string[] {
  return Object.keys(queryParameters).filter((name) => name.startsWith(`${subresource}:`));
}
