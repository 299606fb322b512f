import { Gauge, type Registry } from 'prom-client';
import type { JsonObject } from '../../machinery/json.js';

/** Labels of the metric, and the fields of the document of `/version` that they show. */
const fields = {
  major: 'major',
  minor: 'minor',
  git_version: 'gitVersion',
  git_commit: 'gitCommit',
  git_tree_state: 'gitTreeState',
  build_date: 'buildDate',
  go_version: 'goVersion',
  compiler: 'compiler',
  platform: 'platform',
} as const;

/** Adds the metric by which dashboards and alerts tell the versions of servers apart. */
export function addBuildInfo(registry: Registry, version: JsonObject): void {
  const labels = Object.entries(fields).map(([label, field]) => [label, String(version[field])]);
  new Gauge({
    name: 'kubernetes_build_info',
    help: 'Always 1: the version of the API and of this program.',
    labelNames: Object.keys(fields),
    registers: [registry],
  }).set(Object.fromEntries(labels), 1);
}
