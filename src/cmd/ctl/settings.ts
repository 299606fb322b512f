import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { ConnectOptions } from '../../client/index.js';
import { parseDurationMs } from '../flag-duration.js';
import { badArgs, CtlError, ExitCode } from './exit.js';
import { type OutputFormat, outputFormats } from './print/printer.js';

/** Milliseconds between pings at least: what grpc-go makes of a shorter time. */
const pingIntervalMsMin = 10_000;

/** The options that every command takes, read and checked. */
export interface Settings {
  /** As the user wrote them: this is how they are printed. */
  readonly endpoints: readonly string[];
  readonly format: OutputFormat;
  readonly isHex: boolean;
  readonly commandTimeoutMs: number;
  readonly tls: NonNullable<ConnectOptions['tls']> | undefined;
  /** Who the commands are carried out for; null: nobody in particular. */
  readonly user: NonNullable<ConnectOptions['user']> | null;
  readonly isSecure: boolean;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

interface RawSettings {
  readonly endpoints: string;
  readonly writeOut: string;
  readonly hex?: boolean;
  readonly commandTimeout: string;
  readonly dialTimeout: string;
  readonly keepaliveTime: string;
  readonly keepaliveTimeout: string;
  readonly cacert: string;
  readonly cert: string;
  readonly key: string;
  readonly user: string;
  readonly password: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly insecureTransport: string;
}

/** Adds the options to the root of the commands. Each can come from FLOTILLACTL_NAME or ETCDCTL_NAME too. */
export function addSettings(command: Command, env: NodeJS.ProcessEnv): Command {
  const text = (flags: string, description: string, fallback: string) => {
    const option = new Option(flags, description);
    const name = option.attributeName().replace(/[A-Z]/g, '_$&').toUpperCase();
    command.addOption(
      option.default(env[`FLOTILLACTL_${name}`] ?? env[`ETCDCTL_${name}`] ?? fallback),
    );
  };
  text('--endpoints <list>', 'endpoints, comma separated', '127.0.0.1:2379');
  text('-w, --write-out <format>', `output format (${outputFormats.join(', ')})`, 'simple');
  text('--command-timeout <duration>', 'time for a short command', '5s');
  text('--dial-timeout <duration>', 'accepted; connecting counts into --command-timeout', '2s');
  text('--keepalive-time <duration>', 'between pings on a connection', '2s');
  text('--keepalive-timeout <duration>', 'until a ping must be answered', '6s');
  text('--cacert <file>', "authorities that sign the servers' certificates (PEM)", '');
  text('--cert <file>', 'own certificate (PEM)', '');
  text('--key <file>', "own certificate's key (PEM)", '');
  text('--user <name>', 'who to log in as: NAME, or NAME:PASSWORD', '');
  text('--password <password>', 'the password, when --user does not have it', '');
  text('--insecure-transport <bool>', 'plain HTTP for endpoints without a scheme', 'true');
  const flag = (flags: string, description: string) => {
    const option = new Option(flags, description);
    const name = option.attributeName().replace(/[A-Z]/g, '_$&').toUpperCase();
    const value = env[`FLOTILLACTL_${name}`] ?? env[`ETCDCTL_${name}`];
    command.addOption(option.default(value === 'true' || value === '1'));
  };
  flag('--hex', 'print keys and values as hexadecimal escapes');
  flag('--insecure-skip-tls-verify', "do not check the servers' certificates (for tests only)");
  return command;
}

/** Checks the options of a command line. */
export function readSettings(command: Command): Settings {
  const raw = command.optsWithGlobals<RawSettings>();
  if (!outputFormats.includes(raw.writeOut as OutputFormat)) {
    throw new CtlError(ExitCode.badFeature, `unsupported output format ${raw.writeOut}`);
  }
  durationOf('--dial-timeout', raw.dialTimeout);
  const hasTlsFiles = raw.cacert !== '' || raw.cert !== '' || raw.key !== '';
  const isSecure = hasTlsFiles || raw.insecureTransport === 'false' || raw.insecureSkipTlsVerify;
  return {
    endpoints: endpointsOf(raw.endpoints),
    format: raw.writeOut as OutputFormat,
    isHex: raw.hex === true,
    commandTimeoutMs: durationOf('--command-timeout', raw.commandTimeout),
    tls: tlsOf(raw),
    user: userOf(raw),
    isSecure: isSecure === true,
    // As etcdctl's, whatever is asked for: servers do not let clients ping more often.
    pingIntervalMs: Math.max(pingIntervalMsMin, durationOf('--keepalive-time', raw.keepaliveTime)),
    pingTimeoutMs: durationOf('--keepalive-timeout', raw.keepaliveTimeout),
  };
}

/** The URL of an endpoint as the user wrote it: without a scheme it is plain or TLS as the settings say. */
export function endpointUrl(endpoint: string, { isSecure }: Pick<Settings, 'isSecure'>): string {
  if (/^[a-z]+:\/\//.test(endpoint) || endpoint.startsWith('unix:')) return endpoint;
  return `${isSecure ? 'https' : 'http'}://${endpoint}`;
}

function endpointsOf(list: string): string[] {
  const endpoints = list
    .split(',')
    .map((endpoint) => endpoint.trim())
    .filter((endpoint) => endpoint !== '');
  if (endpoints.length === 0) throw badArgs('--endpoints names no endpoint');
  return endpoints;
}

function durationOf(flag: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms === undefined)
    throw badArgs(`${flag}: ${JSON.stringify(text)} is no duration; write 5s or 300ms`);
  return ms;
}

/** There is nobody to ask for a password here: a command may be part of a script. */
function userOf({ user, password }: RawSettings): Settings['user'] {
  if (user === '') return null;
  const colon = user.indexOf(':');
  if (password !== '') return { name: user, password };
  if (colon < 0) throw badArgs('--user needs a password: write NAME:PASSWORD, or give --password');
  return { name: user.slice(0, colon), password: user.slice(colon + 1) };
}

function tlsOf(raw: RawSettings): Settings['tls'] {
  const { cacert, cert, key } = raw;
  if ((cert === '') !== (key === '')) throw badArgs('--cert and --key must be given together');
  return {
    ...(cacert === '' ? {} : { ca: readPem('--cacert', cacert) }),
    ...(cert === '' ? {} : { cert: readPem('--cert', cert), key: readPem('--key', key) }),
    ...(raw.insecureSkipTlsVerify ? { isUnverified: true } : {}),
  };
}

function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CtlError(ExitCode.error, `${flag}: cannot read ${path}: ${why}`, { cause });
  }
}
