import type { Test } from 'tap';
import { resources } from '../../../../src/control/client/index.js';
import type { Place } from '../place.js';
import type { Scenario } from '../scenario.js';

/** Who leads, and who asks. */
export const identityScenarios: readonly Scenario[] = [
  { name: 'leaders', title: 'Leases name the leaders', run: namesLeaders },
  {
    name: 'tokens',
    title: 'an account is known by its tokens, and may what its role says',
    run: knowsAccounts,
  },
];

async function namesLeaders(t: Test, place: Place): Promise<void> {
  for (const program of ['controller-manager', 'scheduler']) {
    const { identity } = await place.cluster.programs.get(program)!.untilLeading();
    const printed = await place.untilPrinted(
      `get lease kube-${program} -n kube-system`,
      new RegExp(`kube-${program} +${identity} `),
    );
    t.match(printed, /HOLDER/);
  }
}

async function knowsAccounts(t: Test, place: Place): Promise<void> {
  await place.kubectl('create serviceaccount reader');
  await place.kubectl('create role reader --verb=get,list --resource=pods');
  await place.kubectl(
    `create rolebinding reader --role=reader --serviceaccount=${place.namespace}:reader`,
  );
  await place.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 'long', annotations: { 'kubernetes.io/service-account.name': 'reader' } },
  });
  const { data } = await place.until('the secret has its token', async () => {
    const found = await place.get(resources.secrets, 'long');
    return found.data?.token === undefined ? null : found;
  });
  const long = Buffer.from(data?.token ?? '', 'base64').toString();
  const brief = await place.kubectl('create token reader');
  for (const token of [long, brief]) {
    const as = `--token=${token} --kubeconfig=${await place.anonymous()}`;
    t.match(
      await place.kubectl(`${as} auth whoami`),
      `system:serviceaccount:${place.namespace}:reader`,
    );
    await place.untilPrinted(`${as} get pods`, /^No resources found in tokens namespace\.$/);
    const refused = await place.tryKubectl(`${as} get secrets`);
    t.equal(refused.code, 1);
    t.match(
      refused.text,
      'secrets is forbidden: User "system:serviceaccount:tokens:reader" cannot list resource "secrets" in API group "" in the namespace "tokens"',
    );
  }
}
