import type { Service } from '../../api/gen/core-v1.js';

/**
 * The variables that tell containers of services: those of the pod's namespace when it wants links, and always the API server's. Pure.
 */
export function serviceEnv(
  services: Iterable<Service>,
  namespace: string,
  hasLinks: boolean,
): ReadonlyMap<string, string> {
  const env = new Map<string, string>();
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const { name = '', namespace: own = '' } = service.metadata;
    const { clusterIP = '' } = service.spec ?? {};
    if (clusterIP === '' || clusterIP === 'None') continue;
    const isMaster = own === 'default' && name === 'kubernetes';
    if (isMaster && !chosen.has(name)) chosen.set(name, service);
    if (own === namespace && hasLinks) chosen.set(name, service);
  }
  for (const name of [...chosen.keys()].sort()) {
    const service = chosen.get(name);
    if (service !== undefined) addVariables(env, name, service);
  }
  return env;
}

function addVariables(env: Map<string, string>, name: string, { spec = {} }: Service): void {
  const prefix = name.toUpperCase().replaceAll('-', '_');
  const { clusterIP: ip = '', ports = [] } = spec;
  const [first] = ports;
  env.set(`${prefix}_SERVICE_HOST`, ip);
  if (first === undefined) return;
  env.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name: portName = '', port } of ports) {
    if (portName === '') continue;
    env.set(`${prefix}_SERVICE_PORT_${portName.toUpperCase().replaceAll('-', '_')}`, String(port));
  }
  const host = ip.includes(':') ? `[${ip}]` : ip;
  for (const [index, { port = 0, protocol = 'TCP' }] of ports.entries()) {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${host}:${port}`;
    if (index === 0) env.set(`${prefix}_PORT`, url);
    const own = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    env.set(own, url);
    env.set(`${own}_PROTO`, scheme);
    env.set(`${own}_PORT`, String(port));
    env.set(`${own}_ADDR`, ip);
  }
}
