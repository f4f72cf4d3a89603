import { diagnose } from '../../../activities/guard/diagnose';
import { act } from '../../../workflows/guard/act';
import { actionText, findingText, fixtures, load } from './fixture';

describe('every fixture state has its diagnosis and its action', () => {
  const all = fixtures();

  it('has at least 40 of them', () => expect(all.length).toBeGreaterThanOrEqual(40));

  it.each(all.map((fixture) => [fixture.name, fixture] as const))('%s', (_, fixture) => {
    const { state, observation, facts, moment } = load(fixture);
    const findings = diagnose(state, observation, facts, fixture.readers);
    expect(findings.map(findingText)).toEqual(fixture.expect.findings);
    expect(act(moment(findings)).map(actionText)).toEqual(fixture.expect.actions);
  });
});
