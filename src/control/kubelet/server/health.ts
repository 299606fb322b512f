import type { KubeletView } from '../kubelet-view.js';
import { type KubeletCall, sendText } from './call.js';

/** GET /healthz and /healthz/CHECK, in the words of Kubernetes' components. */
export function answerHealth(call: KubeletCall, view: KubeletView): void {
  const checks = [
    { name: 'ping', problem: null },
    { name: 'log', problem: null },
    { name: 'syncloop', problem: view.health() },
  ];
  const [, wanted] = call.parts;
  const asked = checks.filter(({ name }) => wanted === undefined || name === wanted);
  const { status, text } = healthText(asked, call.query.has('verbose'));
  sendText(call, status, text);
}

function healthText(
  checks: readonly { readonly name: string; readonly problem: string | null }[],
  isVerbose: boolean,
) {
  if (checks.length === 0) return { status: 404, text: '404 page not found\n' };
  const lines = checks.map(({ name, problem }) =>
    problem === null ? `[+]${name} ok\n` : `[-]${name} failed: ${problem}\n`,
  );
  if (checks.some(({ problem }) => problem !== null)) {
    return { status: 500, text: `${lines.join('')}healthz check failed\n` };
  }
  return { status: 200, text: isVerbose ? `${lines.join('')}healthz check passed\n` : 'ok' };
}
