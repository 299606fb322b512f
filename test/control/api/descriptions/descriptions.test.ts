import t from 'tap';
import { descriptionsOf } from '../../../../src/control/api/descriptions/descriptions.js';
import { descriptionsText } from '../../../../src/control/api/gen/descriptions-data.js';
import { schemaFacts } from '../../../../src/control/api/schema-facts.js';

const { definitions } = schemaFacts();

function endOf(definition: string): string {
  return definition.split('.').slice(-3).join('.');
}

t.test(
  'every line of descriptions.tsv is about a definition and a field that there are',
  async (t) => {
    for (const line of descriptionsText.trimEnd().split('\n')) {
      const [name = '', field = '', text = '', ...rest] = line.split('\t');
      const matching = Object.entries(definitions).filter(([definition]) =>
        name.startsWith('*')
          ? endOf(definition).endsWith(name.slice(1))
          : endOf(definition) === name,
      );
      const hasField = matching.some(
        ([, { properties }]) => field === '' || properties?.[field] !== undefined,
      );
      if (!hasField || rest.length > 0 || !/^[A-Z*][^\t]*\.$/.test(text)) t.fail(line);
    }
  },
);

/** Kinds whose definitions all have texts, with everything that is below them. */
const described = [
  'core.v1.Pod',
  'core.v1.Service',
  'core.v1.ConfigMap',
  'core.v1.Secret',
  'core.v1.ServiceAccount',
  'core.v1.Namespace',
  'core.v1.Node',
  'core.v1.PersistentVolume',
  'core.v1.PersistentVolumeClaim',
  'core.v1.ReplicationController',
  'core.v1.Endpoints',
  'core.v1.Event',
  'core.v1.LimitRange',
  'core.v1.ResourceQuota',
  'apps.v1.Deployment',
  'apps.v1.ReplicaSet',
  'apps.v1.StatefulSet',
  'apps.v1.DaemonSet',
  'autoscaling.v2.HorizontalPodAutoscaler',
  'batch.v1.Job',
  'batch.v1.CronJob',
  'networking.v1.Ingress',
  'networking.v1.NetworkPolicy',
  'rbac.v1.Role',
  'rbac.v1.RoleBinding',
  'rbac.v1.ClusterRole',
  'rbac.v1.ClusterRoleBinding',
];

t.test('every field of the most used kinds says what it is', async (t) => {
  const waiting = Object.keys(definitions).filter((name) => described.includes(endOf(name)));
  t.equal(waiting.length, described.length);
  const seen = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const texts = descriptionsOf(name);
    const { properties = {} } = definitions[name] ?? {};
    const missing = Object.keys(properties).filter((field) => texts[field] === undefined);
    t.strictSame(missing, [], name);
    const references = [...JSON.stringify(properties).matchAll(/"ref":"([^"]+)"/g)];
    waiting.push(...references.map(([, ref]) => ref!));
  }
});

t.test('descriptionsOf lets the longest name count', async (t) => {
  const ownerReference = descriptionsOf('io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference');
  t.match(ownerReference.kind, /object that is meant/);
  t.match(descriptionsOf('io.k8s.api.core.v1.Pod').kind, /What the object is/);
  t.equal(descriptionsOf('io.k8s.api.core.v1.EnvVar').kind, undefined);
  t.match(descriptionsOf('io.k8s.api.core.v1.PodList')[''], /list/);
  t.strictSame(descriptionsOf('io.example.v1.Nothing'), {});
});
