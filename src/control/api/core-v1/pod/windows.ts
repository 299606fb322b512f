import { type FieldPath, invalidValue } from '../../../machinery/field-path.js';
import { dnsSubdomainProblems } from '../../../machinery/names.js';
import { utf8Length } from '../../../machinery/quote.js';
import type { PodSpec, WindowsSecurityContextOptions } from '../../gen/core-v1.js';
import { addProblems, type FieldErrors } from '../field-checks.js';
import { visitContainers } from './containers.js';

const credentialSpecMaxKib = 64;
const domainMax = 256;
const userMax = 104;

/** A NetBIOS name: up to 15 characters, some forbidden, not starting with a dot. */
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsName = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controlCharacter = /[\u0000-\u001f\u007f]/;

/** What only Windows knows of a container's or a pod's security. */
export function checkWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    const problems = dnsSubdomainProblems(gmsaCredentialSpecName);
    addProblems(problems, path.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, errors);
  }
  if (gmsaCredentialSpec !== undefined) {
    const problems = credentialSpecProblems(gmsaCredentialSpec);
    addProblems(problems, path.child('gmsaCredentialSpec'), gmsaCredentialSpec, errors);
  }
  if (runAsUserName !== undefined) {
    const problems = userNameProblems(runAsUserName);
    addProblems(problems, path.child('runAsUserName'), runAsUserName, errors);
  }
}

function credentialSpecProblems(spec: string): string[] {
  if (spec === '') return ['gmsaCredentialSpec cannot be an empty string'];
  if (utf8Length(spec) <= credentialSpecMaxKib * 1024) return [];
  return [`gmsaCredentialSpec size must be under ${credentialSpecMaxKib} KiB`];
}

function userNameProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacter.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts[parts.length - 1] ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  return [...domainProblems(domain), ...userProblems(user)];
}

function domainProblems(domain: string | undefined): string[] {
  if (domain === undefined) return [];
  const problems: string[] = [];
  if (utf8Length(domain) >= domainMax) {
    problems.push(`runAsUserName's Domain length must be under ${domainMax} characters`);
  }
  if (!netBiosName.test(domain) && !dnsName.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  return problems;
}

function userProblems(user: string): string[] {
  const problems: string[] = [];
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (utf8Length(user) > userMax) {
    problems.push(`runAsUserName's User length must not be longer than ${userMax} characters`);
  }
  if (/^[. ]+$/.test(user)) {
    problems.push("runAsUserName's User cannot contain only periods or spaces");
  }
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push(
      'runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
    );
  }
  return problems;
}

/** Containers that run as processes of a Windows node: all of a pod or none, and in the node's network. */
export function checkHostProcess(spec: PodSpec, path: FieldPath, errors: FieldErrors): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let count = 0;
  let hostProcesses = 0;
  visitContainers(spec, path, (container, containerPath) => {
    count += 1;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      const at = containerPath.child('securityContext', 'windowsOptions', 'hostProcess');
      errors.push(invalidValue(at, own, text));
    }
    if (own ?? ofPod) hostProcesses += 1;
  });
  if (hostProcesses === 0) return;
  if (hostProcesses !== count) {
    const text =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalidValue(path, '', text));
  }
  if (!spec.hostNetwork) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalidValue(path.child('hostNetwork'), false, text));
  }
}
