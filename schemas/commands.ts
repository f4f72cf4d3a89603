import type { ClusterDefinition } from './cluster';
import type { Member, MemberCommands } from './topology';

/** What a command is to do, in the words of fence agents. */
export type CommandAction = 'off' | 'on' | 'status';

/** The commands of a member: its own first, then those of the cluster. Undefined when the definition has none. */
export function commandsOf({ commands }: Pick<ClusterDefinition, 'commands'>, member: string): MemberCommands | undefined {
  if (!commands) return undefined;
  const own = commands.members[member];
  const of = (kind: 'fence' | 'start' | 'status'): string[] | undefined => own?.[kind] ?? commands[kind];
  const [fence, start, status] = [of('fence'), of('start'), of('status')];
  return {
    ...(fence ? { fence } : {}),
    ...(start ? { start } : {}),
    ...(status ? { status } : {}),
    timeoutSeconds: own?.timeoutSeconds ?? commands.timeoutSeconds,
  };
}

/** Members with the commands that the definition gives them. */
export function withCommands(definition: Pick<ClusterDefinition, 'commands'>, members: Member[]): Member[] {
  if (!definition.commands) return members;
  return members.map((member) => ({ ...member, commands: commandsOf(definition, member.name) }));
}

/** The words with what they stand for; what is not known stays as it is. */
export function filledIn(words: string[], member: Pick<Member, 'name' | 'address' | 'port' | 'host'>, action: CommandAction): string[] {
  const values: Record<string, string> = {
    member: member.name,
    address: member.address,
    port: String(member.port),
    host: member.host,
    action,
  };
  return words.map((word) => word.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all));
}
