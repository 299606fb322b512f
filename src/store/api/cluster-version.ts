/** The version that a cluster of members of one version has: etcd's are told without the patch. */
export function clusterVersionOf(version: string): string {
  return version.replace(/^(\d+\.\d+)\..*$/, '$1.0');
}
