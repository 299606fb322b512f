import type { Command } from 'commander';
import { type Client, ClientError, connect } from '../../client/index.js';
import { CtlError, ExitCode } from './exit.js';
import { fieldsPrinter } from './print/fields.js';
import { jsonPrinter } from './print/json.js';
import type { Output, Printable, Printer } from './print/printer.js';
import { simplePrinter } from './print/simple.js';
import { tablePrinter } from './print/table.js';
import { endpointUrl, readSettings, type Settings } from './settings.js';

const printers: Readonly<Record<Settings['format'], Printer>> = {
  fields: fieldsPrinter,
  json: jsonPrinter,
  simple: simplePrinter,
  table: tablePrinter,
};

/** One run of a command: its settings, its connection and its output. */
export class Run {
  readonly settings: Settings;
  readonly #clients: Client[] = [];
  /** Set by `--print-value-only`. */
  isValueOnly = false;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  /** A client of all endpoints, or of the given ones. Closed when the run ends. */
  client(endpoints: readonly string[] = this.settings.endpoints): Client {
    const { settings } = this;
    const { commandTimeoutMs: requestMs, pingIntervalMs, pingTimeoutMs } = settings;
    const client = connect({
      endpoints: endpoints.map((endpoint) => endpointUrl(endpoint, settings)),
      timeouts: { requestMs, pingIntervalMs, pingTimeoutMs },
      ...(settings.tls === undefined ? {} : { tls: settings.tls }),
      ...(settings.user === null ? {} : { user: settings.user }),
    });
    this.#clients.push(client);
    return client;
  }

  /** Prints an answer in the format asked for. */
  print<K extends keyof Printable>(kind: K, value: Printable[K]): void {
    const { format, isHex } = this.settings;
    const print = printers[format][kind];
    if (print === undefined) {
      throw new CtlError(ExitCode.badFeature, `${format} not supported as output format`);
    }
    this.write(print(value, { isHex, isValueOnly: this.isValueOnly }));
  }

  write(output: Output): void {
    process.stdout.write(output);
  }

  complain(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

/** Makes a commander action: it runs `body` and turns what it throws into a message and an exit code. */
export function action(
  body: (run: Run, args: readonly string[], command: Command) => Promise<void>,
): (...parameters: unknown[]) => Promise<void> {
  return async (...parameters) => {
    const command = parameters.at(-1) as Command;
    let run: Run | undefined;
    try {
      run = new Run(readSettings(command));
      await body(run, command.args, command);
    } catch (error) {
      if (!(error instanceof CtlError || error instanceof ClientError)) throw error;
      process.stderr.write(`Error: ${error.message}\n`);
      process.exitCode = error instanceof CtlError ? error.exitCode : ExitCode.error;
    } finally {
      await run?.close();
    }
  };
}

/** Runs `body` with a signal that is aborted by Ctrl-C or SIGTERM. */
export async function untilInterrupted(
  body: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const onSignal = () => controller.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    await body(controller.signal);
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
