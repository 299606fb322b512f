import { stat } from 'node:fs/promises';
import { runProgram } from '../../host/child-process.js';
import { UsageError } from '../usage-error.js';

/** Where containerd keeps what Kubernetes' containers use. */
const kubernetesNamespace = 'k8s.io';

/** Has containerd take in an archive of images, by its own `ctr`. Resolves with what that prints. Rejects with UsageError. */
export async function importIntoContainerd(archive: string, address: string): Promise<string> {
  const facts = await stat(archive).catch(() => null);
  if (facts?.isFile() !== true)
    throw new UsageError(`${archive} is no file: containerd takes archives`);
  const socket = address.replace(/^unix:(\/\/)?/, '');
  const command = ['ctr', '--address', socket, '--namespace', kubernetesNamespace];
  const { exitCode, stdout, stderr } = await runProgram([...command, 'images', 'import', archive]);
  if (exitCode !== 0) throw new UsageError(`ctr: ${stderr.toString('utf8').trim()}`);
  return stdout.toString('utf8').trim();
}
