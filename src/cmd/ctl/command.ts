import { Command, type ParseOptionsResult } from 'commander';

/** A command whose flags also take Go's forms `--flag=true`, `--flag=false` and `-f=value`, as etcdctl's do. */
export class CtlCommand extends Command {
  override createCommand(name?: string): CtlCommand {
    return new CtlCommand(name);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    return super.parseOptions(this.#withPlainFlags(args));
  }

  #withPlainFlags(args: readonly string[]): string[] {
    const flags = new Set<string>();
    for (let command: Command | null = this; command !== null; command = command.parent) {
      for (const option of command.options) if (option.isBoolean()) flags.add(option.long ?? '');
    }
    const end = args.indexOf('--');
    return args.flatMap((arg, i) => {
      const [, flag, value] = /^(--?[a-z-]+)=(.*)$/s.exec(arg) ?? [];
      if (flag !== undefined && /^-[a-z]$/.test(flag) && (end < 0 || i < end)) {
        return [`${flag}${value}`];
      }
      if (flag === undefined || !flags.has(flag) || (end >= 0 && i > end)) return [arg];
      if (value === 'true' || value === '1') return [flag];
      return value === 'false' || value === '0' ? [] : [arg];
    });
  }
}
