import type { Address } from '../../host/net.js';
import { readTextFile } from '../../host/text-file.js';
import type { ParsedFlags } from '../program/flags.js';
import { UsageError } from '../usage-error.js';

const portDefault = 53;

/** The other name servers that the flags name, or the machine's own; not `self`, which would ask itself. Throws UsageError. */
export async function upstreamsOf(flags: ParsedFlags, self: Address): Promise<readonly Address[]> {
  const given = flags.list('upstream');
  if (given.length === 1 && given[0] === 'none') return [];
  const named = given.length > 0 ? given : await resolvConfServers(flags.text('resolv-conf'));
  const servers = named.map(addressOf);
  return servers.filter(({ host, port }) => host !== self.host || port !== self.port);
}

async function resolvConfServers(file: string): Promise<readonly string[]> {
  if (file === '') return [];
  const text = await readTextFile(file).catch(() => ''); // A machine without one asks nobody.
  return text.split('\n').flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? []);
}

function addressOf(text: string): Address {
  const match =
    /^\[([0-9a-fA-F:.]+)\](?::(\d+))?$/.exec(text) ??
    /^(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(text) ??
    /^([0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.exec(text);
  const port = Number(match?.[2] ?? portDefault);
  if (match?.[1] === undefined || port < 1 || port > 65_535)
    throw new UsageError(
      `--upstream: ${JSON.stringify(text)} is no address; give 10.0.0.1, 10.0.0.1:53 or [fd00::1]:53`,
    );
  return { host: match[1], port };
}
