import { programs } from './programs.js';

/** `flotilla`: one executable, a subcommand per program. `argv` is without the interpreter and the script. */
export async function main(argv: readonly string[]): Promise<void> {
  const load = programs.get(argv[0] ?? '');
  if (load !== undefined) {
    const program = await load();
    return program.main(argv.slice(1));
  }
  const [{ rootCommand }, { upCommand }, { ctlCommand }, { simCommand }, { benchCommand }] =
    await Promise.all([
      import('./root-command.js'),
      import('./up.js'),
      import('./ctl.js'),
      import('./sim.js'),
      import('./bench.js'),
    ]);
  const root = rootCommand();
  for (const [name, description] of descriptions) root.command(name).description(description);
  for (const command of [upCommand(), ctlCommand(), simCommand(), benchCommand()]) {
    root.addCommand(command);
  }
  await root.parseAsync([...argv], { from: 'user' });
}

/** Of programs that read their command line in their own way: help does not load them. */
const descriptions: readonly (readonly [name: string, description: string])[] = [
  ['store', "Run one member of a store cluster; takes etcd's flags."],
  ['apiserver', "Serve the Kubernetes API on a store; takes kube-apiserver's flags."],
  [
    'controller-manager',
    "Run the controllers of a cluster; takes kube-controller-manager's flags.",
  ],
  ['scheduler', "Give pods their nodes; takes kube-scheduler's flags."],
  ['dns', "Answer for the names of a cluster's services and pods."],
  ['metrics-server', 'Serve what nodes and pods use, by their kubelets, behind an API server.'],
  ['proxy', "Send connections to services to their endpoints; takes kube-proxy's flags."],
  ['kubelet', "Run this machine's node, or simulated ones; takes kubelet's flags."],
  ['front', 'Take connections and pass them on to API servers that are ready.'],
  ['image', 'Import and list the images of a node.'],
  ['testenv', 'Serve the Kubernetes API for tests, store included, until a signal.'],
];
