/** Kubernetes' client for Python (Debian: python3-kubernetes), against a store and an API server of ours. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { ControlPlane } from '../../e2e/kubectl/control-plane.js';
import { projectDir, skipBecause } from '../../e2e/project.js';
import { run } from '../stock-clients/run.js';

const python = process.env.PYTHON_KUBERNETES ?? '/usr/bin/python3';
const isAbsent = spawnSync(python, ['-c', 'import kubernetes']).status !== 0;
const script = join(projectDir, 'test/compat/kubernetes/python_client.py');

t.test(
  'python3-kubernetes creates, patches, scales, watches and deletes',
  skipBecause(isAbsent && `${python} has no kubernetes module`),
  async (t) => {
    const plane = await ControlPlane.forTest(t);
    const { code, stdout, stderr } = await run(python, [script, plane.kubeconfig]);
    t.equal(code, 0, stderr);
    t.same(JSON.parse(stdout.toString()), {
      created: 'a',
      patched: { k: '1', l: '2' },
      again: [409, 'AlreadyExists'],
      scaled: 3,
      deployment: [3, 'RollingUpdate'],
      events: [
        ['ADDED', 'b'],
        ['DELETED', 'b'],
      ],
      service: 80,
      left: 0,
    });
  },
);
