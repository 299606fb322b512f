/** What images call this machine's architecture: `amd64`, `arm64`. */
export function imageArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
