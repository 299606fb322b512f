import t from 'tap';
import type {
  AdmissionPlugin,
  AdmissionRequest,
} from '../../../../src/control/apiserver/contracts.js';
import {
  type AdmissionStep,
  admissionChain,
} from '../../../../src/control/apiserver/registry/admission-chain.js';

/** A chain of two plugins that note what they are asked; the second refuses what is called `bad`. */
function rig() {
  const asked: string[] = [];
  const told: [AdmissionStep, number][] = [];
  const plugin = (name: string, operations: string[], refuses: string): AdmissionPlugin => ({
    name,
    handles: (operation) => operations.includes(operation),
    mutate(request) {
      asked.push(`${this.name} mutates ${request.name}`);
      if (request.name === refuses) throw new Error('refused');
    },
    validate: async (request) => {
      asked.push(`${name} validates ${request.name}`);
      if (request.name === refuses) throw new Error('refused');
    },
  });
  let nowMs = 0;
  const onStep = (step: AdmissionStep, seconds: number) => told.push([step, seconds]);
  const chain = admissionChain(
    [plugin('all', ['CREATE', 'DELETE'], ''), plugin('creates', ['CREATE'], 'bad')],
    { now: () => nowMs++, onStep, onPhase: onStep },
  );
  return { asked, told, chain };
}

const requestOf = (operation: AdmissionRequest['operation'], name: string) =>
  ({ operation, name }) as AdmissionRequest;

t.test('admissionChain asks each plugin, in order, about its operations only', async (t) => {
  const { asked, chain } = rig();
  await chain.mutate(requestOf('CREATE', 'a'));
  await chain.validate(requestOf('DELETE', 'b'));
  await chain.validate(requestOf('UPDATE', 'c'));
  t.same(asked, ['all mutates a', 'creates mutates a', 'all validates b']);
});

t.test('admissionChain refuses what a plugin refuses, at once or later', async (t) => {
  const { chain } = rig();
  await t.rejects(chain.mutate(requestOf('CREATE', 'bad')), { message: 'refused' });
  await t.rejects(chain.validate(requestOf('CREATE', 'bad')), { message: 'refused' });
});

t.test(
  'admissionChain tells of each step and of the whole, alike ones as one object',
  async (t) => {
    const { told, chain } = rig();
    await chain.mutate(requestOf('CREATE', 'a'));
    await chain.mutate(requestOf('CREATE', 'b'));
    await chain.mutate(requestOf('CREATE', 'bad')).catch(() => {});
    const shown = told.map(([{ name, type, isRejected }]) => `${name} ${type} ${isRejected}`);
    const accepted = ['all admit false', 'creates admit false', ' admit false'];
    const refused = ['all admit false', 'creates admit true', ' admit true'];
    t.same(shown, [...accepted, ...accepted, ...refused]);
    for (const at of [0, 1, 2]) t.equal(told[at]?.[0], told[at + 3]?.[0]);
    t.same(
      told.slice(0, 3).map(([, seconds]) => seconds),
      [0.001, 0.001, 0.003],
    );
  },
);
