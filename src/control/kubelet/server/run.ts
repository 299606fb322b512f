import type { KubeletView } from '../kubelet-view.js';
import { RuntimeError } from '../runtime/runtime-error.js';
import { type KubeletCall, sendText } from './call.js';
import { placeOf } from './streams.js';

/** How long a command may take whose output is wanted as a whole. */
const runMsMax = 600_000;

/** POST /run/NAMESPACE/POD[/UID]/CONTAINER?cmd=WORDS: runs a command to its end, and answers what it wrote. */
export async function answerRun(call: KubeletCall, view: KubeletView): Promise<void> {
  const place = placeOf(call.parts);
  if (view.findPod(place.namespace, place.pod) === null) {
    return sendText(call, 404, 'pod does not exist');
  }
  const container = await view.findContainer(place);
  if (container === null || container.state !== 'running') {
    return sendText(call, 500, `container not found (${JSON.stringify(place.container)})`);
  }
  const words = (call.query.get('cmd') ?? '').split(' ');
  try {
    const result = await view.runtime.execSync(container.containerId, words, runMsMax);
    const { exitCode, stdout, stderr } = result;
    const text = Buffer.concat([stdout, stderr]).toString();
    if (exitCode === 0) sendText(call, 200, text);
    else sendText(call, 500, `command '${words.join(' ')}' exited with ${exitCode}: ${text}`);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    sendText(call, 500, error.message);
  }
}
