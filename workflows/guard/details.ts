import type { GuardView } from '../../schemas/guard';
import type { MemberView } from '../../schemas/observation';

/** The guard's page in the Temporal UI, in Markdown. Pure. */
export function renderGuard(view: GuardView, phase: string, heals: string[], notes: string[]): string {
  const { state, findings, note, pivots } = view;
  const views = new Map((view.lastObservation?.members ?? []).map((member) => [member.name, member]));
  return [
    `### Guard of ${state.definition.name}`,
    '',
    `**${phase}**${note ? `: ${text(note)}` : ''}. Primary **${state.primary}**, epoch **${state.epoch}**.`,
    '',
    ...(findings.length > 0 ? findings.map(({ diagnosis, detail }) => `- **${diagnosis}**: ${text(detail)}`) : ['Healthy.']),
    '',
    '| member | role | answers | replication | lag | container |',
    '| --- | --- | --- | --- | --- | --- |',
    ...state.members.map(({ name }) => row(name, name === state.primary, views.get(name))),
    '',
    ...(heals.length > 0 ? [`Now: ${heals.join(', ')}.`, ''] : []),
    ...pivots
      .slice(-5)
      .map(
        ({ at, epoch, diagnosis, outcome, problem }) =>
          `- ${at} ${diagnosis} → epoch ${epoch}: ${outcome}${problem ? `, ${text(problem)}` : ''}`,
      ),
    ...notes.map((line) => `- ${text(line)}`),
    ...(view.lastObservation ? ['', `Seen at ${view.lastObservation.at}.`] : []),
  ].join('\n');
}

function row(name: string, primary: boolean, view?: MemberView): string {
  const replication = view?.replication;
  const threads = replication ? `${replication.receiver}/${replication.applier}` : '';
  const role = primary ? 'primary' : 'replica';
  const writes = view?.readOnly === false ? ', writable' : '';
  return `| ${name} | ${role}${writes} | ${view ? text(view.reach) : '?'} | ${threads} | ${replication?.lagSeconds ?? ''} | ${view?.container ?? ''} |`;
}

/** What servers wrote must not become markup. */
const text = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[`<>[\]|]/g, (sign) => `\\${sign}`);
