import type { LogLevel } from '../base/logger.js';
import { createLogger, fileDestination, writeLastLine } from '../host/log-sink.js';
import { apiserverFlags } from './apiserver/flags.js';
import { apiserverHelp, type ParsedFlags, parseApiserverFlags } from './apiserver/parse.js';
import { startApiServer } from './apiserver/run.js';
import { UsageError } from './usage-error.js';
import { flotillaVersion } from './version.js';

const stderrFd = 2;
const exitCodeUsage = 2;
const exitCodeFailure = 1;

/** `flotilla apiserver`: serves the Kubernetes API until SIGTERM or SIGINT, then drains and exits 0. */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.some((word) => /^--?(help|h)$/.test(word))) {
    process.stdout.write(apiserverHelp());
    return;
  }
  if (argv.some((word) => /^--?version$/.test(word))) {
    process.stdout.write(
      `Flotilla Version: ${flotillaVersion}\nNode Version: ${process.version}\n`,
    );
    return;
  }
  try {
    await run(parseApiserverFlags(argv));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    writeLastLine(stderrFd, `flotilla apiserver: ${text}`);
    process.exit(error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}

const levels: readonly string[] = ['debug', 'info', 'warn', 'error'];

async function run(flags: ParsedFlags): Promise<void> {
  const level = flags.text('log-level');
  if (!levels.includes(level))
    throw new UsageError(`--log-level: give one of ${levels.join(', ')}`);
  const logger = createLogger({
    level: level as LogLevel,
    format: flags.text('logging-format') === 'text' ? 'text' : 'json',
    destination: fileDestination(stderrFd),
  });
  const ignored = apiserverFlags.filter(
    ({ name, effect }) => effect === 'ignored' && flags.given.has(name),
  );
  if (ignored.length > 0) {
    logger.warn('flags without effect here were given', { flags: ignored.map(({ name }) => name) });
  }
  const onFatal = (error: Error) => {
    const ts = new Date().toISOString();
    const line = { level: 'fatal', ts, msg: 'stopping', error: error.stack };
    writeLastLine(stderrFd, JSON.stringify(line));
    process.exit(exitCodeFailure);
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', (reason) =>
    onFatal(reason instanceof Error ? reason : new Error(String(reason))),
  );
  const onSignal = new Promise<string>((resolve) => {
    let isStopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(exitCodeFailure);
        isStopping = true;
        resolve(signal);
      });
    }
  });
  const server = await startApiServer(flags, { logger });
  logger.info('serving', { url: server.url });
  void server.ready.then(() => logger.info('ready to serve API requests', { url: server.url }));
  const signal = await onSignal;
  logger.info('stopping', { why: signal });
  await server.close();
  logger.info('stopped');
  process.exit(0);
}
