import { type Sample, twoWritable } from '../../support/overlaps';

/** `1` writable, `0` not; one answer per 20 ms that takes 2 ms, starting at `from`. */
const member = (name: string, answers: string, from = 0): Sample[] =>
  [...answers].map((answer, index) => ({
    member: name,
    sentAt: from + index * 20,
    receivedAt: from + index * 20 + 2,
    writable: answer === '1',
  }));

describe('the witness', () => {
  it.each([
    ['one after the other', '111000', '000111', 0, 0],
    ['old one writable while the new one opens', '111110', '000111', 0, 1],
    ['the new one answers between two answers of the old one', '1100', '0100', 5, 0],
    ['a single answer within the other’s time', '1111', '0100', 5, 1],
    ['two single answers prove nothing', '0100', '0100', 1, 0],
    ['never any', '0000', '1111', 0, 0],
  ])('%s', (_name, old, fresh, shift, violations) => {
    expect(twoWritable([...member('db-1', old), ...member('db-2', fresh, shift)])).toHaveLength(violations);
  });

  it('says who and when', () => {
    expect(twoWritable([...member('db-1', '11110'), ...member('db-2', '00111')])).toEqual([
      { members: ['db-1', 'db-2'], from: 42, to: 60 },
    ]);
  });
});
