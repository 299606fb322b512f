import { LocalRun } from './local-run.js';
import type { FromWorker, ToWorker } from './worker-messages.js';

/**
 * A process that makes a part of a load. It is told its part, says when it is ready, starts when told to, and ends with its
 * parent.
 */
function main(): void {
  const stop = new AbortController();
  let run: LocalRun | null = null;
  const fail = (error: unknown) =>
    send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.on('message', (message: ToWorker) => {
    if (message.type === 'set-up') {
      LocalRun.setUp(message.spec).then((ready) => {
        run = ready;
        send({ type: 'ready' });
      }, fail);
    } else if (message.type === 'run' && run !== null) {
      runToEnd(run, stop.signal).catch(fail);
    } else {
      stop.abort();
    }
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C reaches the whole group: the parent says when to stop.
  process.on('SIGINT', () => {});
}

async function runToEnd(run: LocalRun, signal: AbortSignal): Promise<void> {
  const onSnapshot = (snapshot: Parameters<Parameters<LocalRun['run']>[0]['onSnapshot']>[0]) =>
    send({ type: 'snapshot', snapshot });
  const result = await run.run({ onSnapshot, signal });
  await run.close();
  send({ type: 'done', result });
}

function send(message: FromWorker): void {
  process.send?.(message);
}

main();
