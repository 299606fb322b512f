/**
 * Takes out of etcdctl's output what two clusters cannot have in common: ids, raft terms and indexes, sizes, versions,
 * addresses, durations and hashes. Revisions, counts, keys, values, versions of keys and texts stay.
 */
export function normalise(text: string, endpoints: readonly string[]): string {
  let result = text;
  endpoints.forEach((endpoint, index) => {
    result = result.replaceAll(endpoint, `<member ${index}>`);
  });
  for (const [pattern, replacement] of rules) result = result.replace(pattern, replacement);
  return result;
}

const rules: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1:2\d{4}/g, '<peer>'],
  // etcdctl's own warnings about retries: they carry times and addresses.
  [/^\{"level":"warn".*\n/gm, ''],
  [/"(cluster_id|member_id|ID|id|leader|lease|hash)":\d+/g, '"$1":<$1>'],
  [/"(raft_term|raftTerm|raftIndex|raftAppliedIndex|dbSize|dbSizeInUse)":\d+/g, '"$1":<$1>'],
  [/"version":"[\d.]+"/g, '"version":<version>'],
  [/"(ttl|TTL)":\d+/g, '"$1":<ttl>'],
  [
    /"(ClusterID|MemberID|RaftTerm|Leader|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" : \d+/g,
    '"$1" : <$1>',
  ],
  [/"Version" : "[\d.]+"/g, '"Version" : <version>'],
  [/"(Hash|TTL)" : \d+/g, '"$1" : <$1>'],
  [/^(<member \d>), \d{1,10}$/gm, '$1, <hash>'],
  // Leader, learner, raft term, index and applied index: simple, then table.
  [/(true|false), (false), \d+, \d+, \d+,/g, '<leader>, $2, <term>, <index>, <index>,'],
  [
    /(true|false) +\| +(false) +\| +\d+ +\| +\d+ +\| +\d+ +\|/g,
    '<leader> | $2 | <term> | <index> | <index> |',
  ],
  [/\b3\.\d+\.\d+\b/g, '<version>'],
  [/remaining\(\d+s\)/g, 'remaining(<ttl>)'],
  [/took = [\d.]+\w+/g, 'took = <duration>'],
  [/"took":"[\d.]+\w+"/g, '"took":<duration>'],
  [/\b\d+(\.\d+)? [kMG]?B\b/g, '<size>'],
  [/\b[0-9a-f]{12,16}\b/g, '<id>'],
  [/\b\d{15,20}\b/g, '<id>'],
];

/** Members come in the order of their ids, and a lease's keys in any: the text in pieces that have an order. */
export function sortPieces(text: string): string {
  return text
    .split(/[\n{}[\] ,]+/)
    .sort()
    .join(' ');
}

/** Tables are as wide as their ids: runs of blanks and of dashes become one. */
export function normaliseTable(text: string): string {
  return text.replace(/ +/g, ' ').replace(/-+/g, '-');
}
