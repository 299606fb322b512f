import { formatBytes } from '../../model/age.js';
import type { Usage } from '../../model/usage.js';

/** A table of who uses what. */
export function UsageTable({
  label,
  usages,
}: {
  readonly label: string;
  readonly usages: readonly Usage[];
}) {
  return (
    <table class="data" aria-label={label}>
      <thead>
        <tr>
          <th scope="col" class="plain">
            Name
          </th>
          <th scope="col" class="plain">
            CPU
          </th>
          <th scope="col" class="plain">
            Memory
          </th>
        </tr>
      </thead>
      <tbody>
        {usages.map(({ name, cpuMillis, memoryBytes }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>{cpuMillis}m</td>
            <td>{formatBytes(memoryBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
