import { createLogger, fileDestination, writeLastLine } from '../host/log-sink.js';
import { readTextFile } from '../host/text-file.js';
import { parseConfigFile } from './store/config-file.js';
import { type ParsedFlags, parseStoreFlags, storeHelp } from './store/parse.js';
import { startStore } from './store/run.js';
import { type StoreSettings, toSettings } from './store/settings.js';
import { UsageError } from './usage-error.js';
import { etcdVersion, flotillaVersion } from './version.js';

const stdoutFd = 1;
const stderrFd = 2;
/** Usage errors end with 2, failures to start or go on with 1. */
const exitCodeUsage = 2;
const exitCodeFailure = 1;

/** `flotilla store`: runs one member until SIGTERM or SIGINT, then drains and exits 0. */
export async function main(argv: readonly string[]): Promise<void> {
  if (argv.some((word) => /^--?(help|h)$/.test(word))) {
    process.stdout.write(storeHelp());
    return;
  }
  if (argv.some((word) => /^--?version$/.test(word))) {
    process.stdout.write(versionText());
    return;
  }
  try {
    await run(toSettings(await readFlags(argv)));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    writeLastLine(stderrFd, `flotilla store: ${text}`);
    process.exit(error instanceof UsageError ? exitCodeUsage : exitCodeFailure);
  }
}

/** The flags of the command line and the environment, or those of the configuration file that they name, and then of nothing else. */
async function readFlags(argv: readonly string[]): Promise<ParsedFlags> {
  const flags = parseStoreFlags(argv, process.env);
  const path = flags.values.get('config-file') ?? '';
  if (path === '') return flags;
  const text = await readTextFile(path).catch((error: unknown) => {
    throw new UsageError(`--config-file: ${(error as Error).message}`, { cause: error });
  });
  return parseConfigFile(path, text);
}

/** What `--version` prints. The first line reads like etcd's, for scripts that look for it. */
function versionText(): string {
  return `etcd Version: ${etcdVersion}\nFlotilla Version: ${flotillaVersion}\nNode Version: ${process.version}\n`;
}

async function run(settings: StoreSettings): Promise<void> {
  const logger = createLogger({
    level: settings.logLevel,
    format: settings.logFormat,
    destination: fileDestination(settings.logToStdout ? stdoutFd : stderrFd),
  });
  if (settings.ignored.length > 0) {
    logger.warn('flags without effect here were given', { flags: settings.ignored });
  }
  for (const name of settings.deprecated) {
    logger.warn(`--${name} is deprecated in 3.5 and will be decommissioned in 3.6.`);
  }
  const onFatal = (error: Error) => {
    const line = {
      level: 'fatal',
      ts: new Date().toISOString(),
      msg: 'stopping',
      error: error.stack,
    };
    writeLastLine(stderrFd, JSON.stringify(line));
    process.exit(exitCodeFailure);
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', (reason) =>
    onFatal(reason instanceof Error ? reason : new Error(String(reason))),
  );
  let stopping = false;
  let onRemoved = () => {};
  const onSignal = new Promise<string>((resolve) => {
    onRemoved = () => resolve('removed from the cluster');
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(exitCodeFailure);
        stopping = true;
        resolve(signal);
      });
    }
  });
  const starting = startStore(settings, { logger, onFatal, onRemoved: () => onRemoved() });
  const store = await Promise.race([starting, onSignal.then(() => null)]);
  if (store === null) process.exit(0);
  void store.ready.then(() => {
    logger.info('ready to serve client requests', {
      name: settings.name,
      urls: settings.listenClientUrls,
    });
  });
  const signal = await onSignal;
  logger.info('stopping', { why: signal });
  await store.close();
  logger.info('stopped');
  process.exit(0);
}
