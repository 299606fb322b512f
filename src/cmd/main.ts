import { Command } from 'commander';
import { flotillaVersion } from './version.js';

/** `flotilla`: one executable, a subcommand per program. `argv` is without the interpreter and the script. */
export async function main(argv: readonly string[]): Promise<void> {
  // `store` reads etcd's command line, which allows what the others do not (`-name value`), and starts fast without them.
  if (argv[0] === 'store') {
    const { storeMain } = await import('./store.js');
    return storeMain(argv.slice(1), process.env);
  }
  // kube-apiserver's command line is read as Go reads it.
  if (argv[0] === 'apiserver') {
    const { apiserverMain } = await import('./apiserver.js');
    return apiserverMain(argv.slice(1));
  }
  // Nor does it read the other programs: it is to serve within a second.
  if (argv[0] === 'testenv') {
    const { testenvCommand } = await import('./testenv.js');
    await testenvCommand().parseAsync([...argv.slice(1)], { from: 'user' });
    return;
  }
  if (argv[0] === 'controller-manager') {
    const { controllerManagerMain } = await import('./controller-manager.js');
    return controllerManagerMain(argv.slice(1));
  }
  if (argv[0] === 'scheduler') {
    const { schedulerMain } = await import('./scheduler.js');
    return schedulerMain(argv.slice(1));
  }
  if (argv[0] === 'dns') {
    const { dnsMain } = await import('./dns.js');
    return dnsMain(argv.slice(1));
  }
  if (argv[0] === 'metrics-server') {
    const { metricsServerMain } = await import('./metrics-server.js');
    return metricsServerMain(argv.slice(1));
  }
  if (argv[0] === 'proxy') {
    const { proxyMain } = await import('./proxy.js');
    return proxyMain(argv.slice(1));
  }
  if (argv[0] === 'image') {
    const { imageCommand } = await import('./image.js');
    await imageCommand().parseAsync([...argv.slice(1)], { from: 'user' });
    return;
  }
  if (argv[0] === 'end-pods') {
    const { endPodsMain } = await import('./end-pods.js');
    return endPodsMain(argv.slice(1));
  }
  if (argv[0] === 'container-logs') {
    const { containerLogsMain } = await import('./container-logs.js');
    return containerLogsMain(argv.slice(1));
  }
  if (argv[0] === 'kubelet') {
    const { kubeletMain } = await import('./kubelet.js');
    return kubeletMain(argv.slice(1));
  }
  const [{ upCommand }, { ctlCommand }, { simCommand }, { benchCommand }] = await Promise.all([
    import('./up.js'),
    import('./ctl.js'),
    import('./sim.js'),
    import('./bench.js'),
  ]);
  const program = new Command('flotilla')
    .description("A replicated key-value store with etcd's v3 API")
    .version(flotillaVersion, '--version', 'Print the version.')
    .showHelpAfterError('(see flotilla --help)');
  program.command('store').description("Run one member of a store cluster; takes etcd's flags.");
  program
    .command('apiserver')
    .description("Serve the Kubernetes API on a store; takes kube-apiserver's flags.");
  program
    .command('controller-manager')
    .description("Run the controllers of a cluster; takes kube-controller-manager's flags.");
  program.command('scheduler').description("Give pods their nodes; takes kube-scheduler's flags.");
  program.command('dns').description("Answer for the names of a cluster's services and pods.");
  program
    .command('metrics-server')
    .description('Serve what nodes and pods use, by their kubelets, behind an API server.');
  program
    .command('proxy')
    .description("Send connections to services to their endpoints; takes kube-proxy's flags.");
  program
    .command('kubelet')
    .description("Run this machine's node, or simulated ones; takes kubelet's flags.");
  program.command('image').description('Import and list the images of a node.');
  program
    .command('testenv')
    .description('Serve the Kubernetes API for tests, store included, until a signal.');
  program.addCommand(upCommand());
  program.addCommand(ctlCommand());
  program.addCommand(simCommand());
  program.addCommand(benchCommand());
  await program.parseAsync([...argv], { from: 'user' });
}
