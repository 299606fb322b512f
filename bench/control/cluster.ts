/**
 * A whole cluster under load: `node dist/bench/control/cluster.js [--parts all|scheduling] [--warm-up 0] [--nodes 1000] [--pods 5000]
 * [--in-flight 64] [--by pods|deployments] [--lease-seconds 40] [--start-ms 0] [--no-delete] [--json] [--profile DIR]
 * [--kubernetes DIR --etcd PATH]`. Three members of the store, API server, scheduler, controller manager and simulated nodes, a process each,
 * on loopback with TLS; with `--parts scheduling` the first three alone, and nodes that are objects; with `--kubernetes` the
 * programs of that folder (kube-apiserver, kube-scheduler, kube-controller-manager) on one etcd, and our simulated nodes. This program makes pods over 8 HTTP/2 connections, so many requests at a
 * time, and follows them by a watch. With `--profile` all but the store leave CPU profiles: of the API server, the first 15 seconds of the load.
 */
import { measure } from './cluster/measure.js';
import { parseClusterOptions } from './cluster/options.js';
import { resultText } from './cluster/result-text.js';

const options = parseClusterOptions(process.argv.slice(2));
const result = await measure(options);
process.stdout.write(`${options.isJson ? JSON.stringify(result, null, 2) : resultText(result)}\n`);
