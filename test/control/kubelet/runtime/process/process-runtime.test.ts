import t from 'tap';
import { skipBecause } from '../../../../e2e/project.js';
import { runtimeContract } from '../contract.js';
import { openProcessRuntime } from './subject.js';

const needsRoot = skipBecause(process.geteuid?.() !== 0 && 'this process is not root');

t.test('ProcessRuntime in namespaces of its own', needsRoot, (t) =>
  runtimeContract(t, 'isolated', (directory) => openProcessRuntime(directory, 'when-possible')),
);

t.test("ProcessRuntime as the node's processes", (t) =>
  runtimeContract(t, 'shared', (directory) => openProcessRuntime(directory, 'never')),
);
