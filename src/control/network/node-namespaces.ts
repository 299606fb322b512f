import { type RunCommand, runToSuccess, withinNamespace } from '../../host/command.js';

/** Nodes of one machine, each in a network namespace of its own. */
export interface NodeNamespacesOptions {
  readonly run: RunCommand;
  /** Starts the names of the bridge and the namespaces: letters and digits, 8 at most. */
  readonly prefix: string;
  /** Where the nodes have their addresses, with the address of the machine itself: `172.30.0.1/24`. */
  readonly gateway: string;
}

/** One of the nodes. */
export interface NamespacedNode {
  readonly namespace: string;
  /** Runs commands as that node. */
  readonly run: RunCommand;
}

const prefixForm = /^[a-z][a-z0-9]{0,7}$/;

/**
 * Several nodes on one machine: a bridge of the machine, and a namespace a node that is joined to it, with the machine as its gateway.
 * Everything is found by name, so what a process that was killed left is found again.
 */
export class NodeNamespaces {
  readonly #run: RunCommand;
  readonly #prefix: string;
  readonly #gateway: string;

  /** Throws RangeError for a prefix of another form. */
  constructor({ run, prefix, gateway }: NodeNamespacesOptions) {
    if (!prefixForm.test(prefix))
      throw new RangeError(
        `${JSON.stringify(prefix)} is no prefix: 8 lower-case letters and digits at most`,
      );
    this.#run = run;
    this.#prefix = prefix;
    this.#gateway = gateway;
  }

  /** Makes a node, or what of it is missing. `index` counts from 1; `address` has its length: `172.30.0.11/24`. */
  async ensure(index: number, address: string): Promise<NamespacedNode> {
    await this.#ensureBridge();
    const namespace = this.#namespace(index);
    if (!(await this.#namespaces()).includes(namespace)) await this.#ip(`netns add ${namespace}`);
    const run = withinNamespace(this.#run, namespace);
    const within = (line: string) => ip(run, line);
    const near = `${this.#prefix}${index}v`;
    if (!(await succeeds(run, 'link show eth0'))) {
      await this.#run({ command: 'ip', args: ['link', 'del', near] }); // Half of what a killed process made.
      await this.#ip(`link add ${near} type veth peer name eth0 netns ${namespace}`);
    }
    await this.#ip(`link set ${near} master ${this.#bridge} up`);
    await within('link set lo up');
    await within(`addr replace ${address} dev eth0`);
    await within('link set eth0 up');
    await within(`route replace default via ${this.#gateway.split('/')[0]}`);
    await runToSuccess(run, {
      command: 'sysctl',
      args: ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'],
    });
    return { namespace, run };
  }

  /** Takes all nodes and the bridge away; processes that still run in a node keep its namespace alive, without a way out. */
  async removeAll(): Promise<void> {
    const own = (await this.#namespaces()).filter((name) =>
      name.startsWith(`${this.#prefix}-node-`),
    );
    for (const namespace of own) await this.#ip(`netns del ${namespace}`);
    if (await succeeds(this.#run, `link show ${this.#bridge}`))
      await this.#ip(`link del ${this.#bridge}`);
  }

  get #bridge(): string {
    return `${this.#prefix}br`;
  }

  #namespace(index: number): string {
    return `${this.#prefix}-node-${index}`;
  }

  async #ensureBridge(): Promise<void> {
    if (!(await succeeds(this.#run, `link show ${this.#bridge}`)))
      await this.#ip(`link add ${this.#bridge} type bridge`);
    await this.#ip(`addr replace ${this.#gateway} dev ${this.#bridge}`);
    await this.#ip(`link set ${this.#bridge} up`);
  }

  async #namespaces(): Promise<readonly string[]> {
    const text = await this.#ip('netns list');
    return text.split('\n').flatMap((line) => line.split(' ')[0] || []);
  }

  #ip(line: string): Promise<string> {
    return ip(this.#run, line);
  }
}

function ip(run: RunCommand, line: string): Promise<string> {
  return runToSuccess(run, { command: 'ip', args: line.split(' ') });
}

async function succeeds(run: RunCommand, line: string): Promise<boolean> {
  const { exitCode } = await run({ command: 'ip', args: line.split(' ') });
  return exitCode === 0;
}
