import { join } from 'node:path';
import { runProgram } from '../../../../../host/child-process.js';
import { fileFacts, listNames, readTextIfPresent } from '../../../../../host/state-files.js';
import { RuntimeError } from '../../runtime-error.js';
import { toolEnvironment } from '../namespaces.js';

/** A list of plugins that connect a container one after the other (CNI specification 1.0, section 1). */
export interface CniNetwork {
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly (Readonly<Record<string, unknown>> & { readonly type: string })[];
}

/** What is done with a container. */
export interface CniCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK';
  readonly containerId: string;
  /** '' when the namespace is gone already. */
  readonly netns: string;
  readonly args: Readonly<Record<string, string>>;
  /** By the names of capabilities: what plugins that declare them are told. */
  readonly capabilities: Readonly<Record<string, unknown>>;
}

const callMs = 60_000;

/** The network of the first configuration file by name, or null when there is none. Rejects with RuntimeError when it is malformed. */
export async function readCniNetwork(confDir: string): Promise<CniNetwork | null> {
  const names = (await listNames(confDir)).filter((name) => /\.(conflist|conf|json)$/.test(name));
  const [first] = names;
  if (first === undefined) return null;
  const path = join(confDir, first);
  const parsed = parseObject((await readTextIfPresent(path)) ?? '', path);
  const plugins = Array.isArray(parsed.plugins) ? parsed.plugins : [parsed];
  const isPlugin = (value: unknown): value is CniNetwork['plugins'][number] =>
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string';
  if (typeof parsed.name !== 'string' || plugins.length === 0 || !plugins.every(isPlugin)) {
    throw new RuntimeError('failed', `CNI configuration '${path}' has no name or no plugins`);
  }
  const cniVersion = typeof parsed.cniVersion === 'string' ? parsed.cniVersion : '0.4.0';
  return { name: parsed.name, cniVersion, plugins };
}

/**
 * Runs the plugins of a network: forward with the result of each for the next (ADD), backward (DEL). Resolves with the last
 * result; of DEL and CHECK with none. Rejects with RuntimeError.
 */
export async function callPlugins(
  network: CniNetwork,
  binDirs: readonly string[],
  call: CniCall,
  lastResult: unknown,
): Promise<unknown> {
  const plugins = call.command === 'DEL' ? network.plugins.toReversed() : network.plugins;
  let result = lastResult;
  for (const plugin of plugins) {
    const input = {
      ...plugin,
      cniVersion: network.cniVersion,
      name: network.name,
      ...runtimeConfig(plugin, call.capabilities),
      ...(result === null || result === undefined ? {} : { prevResult: result }),
    };
    const said = await callPlugin(plugin.type, binDirs, call, JSON.stringify(input));
    if (call.command === 'ADD') result = said;
  }
  return result;
}

/** The addresses of a result, without their prefix lengths. */
export function addressesOf(result: unknown): readonly string[] {
  const ips = (result as { ips?: unknown } | null)?.ips;
  if (!Array.isArray(ips)) return [];
  return ips.flatMap((entry: { address?: unknown }) =>
    typeof entry.address === 'string' ? [entry.address.replace(/\/\d+$/, '')] : [],
  );
}

function runtimeConfig(plugin: object, offered: CniCall['capabilities']): object {
  const declared = 'capabilities' in plugin ? plugin.capabilities : null;
  if (typeof declared !== 'object' || declared === null) return {};
  const wanted = Object.entries(declared).filter(([name, on]) => on === true && name in offered);
  return { runtimeConfig: Object.fromEntries(wanted.map(([name]) => [name, offered[name]])) };
}

async function callPlugin(
  type: string,
  binDirs: readonly string[],
  call: CniCall,
  stdin: string,
): Promise<unknown> {
  const path = await findPlugin(type, binDirs);
  const outcome = await runProgram([path], {
    stdin,
    timeoutMs: callMs,
    env: {
      ...toolEnvironment,
      CNI_COMMAND: call.command,
      CNI_CONTAINERID: call.containerId,
      CNI_NETNS: call.netns,
      CNI_IFNAME: 'eth0',
      CNI_ARGS: Object.entries(call.args)
        .map(([name, value]) => `${name}=${value}`)
        .join(';'),
      CNI_PATH: binDirs.join(':'),
    },
  });
  const text = outcome.stdout.toString('utf8');
  if (outcome.exitCode === 0) return text.trim() === '' ? null : parseObject(text, type);
  const failure = text.trim().startsWith('{') ? parseObject(text, type) : {};
  const reason = typeof failure.msg === 'string' ? failure.msg : outcome.stderr.toString('utf8');
  const details =
    typeof failure.details === 'string' && failure.details !== '' ? `; ${failure.details}` : '';
  throw new RuntimeError(
    'failed',
    `plugin type="${type}" failed (${call.command.toLowerCase()}): ${reason.trim()}${details}`,
  );
}

async function findPlugin(type: string, binDirs: readonly string[]): Promise<string> {
  if (!type.includes('/')) {
    for (const folder of binDirs) {
      if ((await fileFacts(join(folder, type))) !== null) return join(folder, type);
    }
  }
  throw new RuntimeError(
    'failed',
    `failed to find plugin "${type}" in path [${binDirs.join(' ')}]`,
  );
}

function parseObject(text: string, what: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch (error) {
    throw new RuntimeError('failed', `CNI: '${what}' is not JSON`, { cause: error });
  }
  throw new RuntimeError('failed', `CNI: '${what}' is not a JSON object`);
}
