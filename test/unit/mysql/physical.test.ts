import fc from 'fast-check';

import { tarOf } from '../../../activities/docker/tar';
import { lastFreeMemberAddress, memberAddress } from '../../../activities/docker/subnets';
import { readOutput } from '../../../activities/mysql/physical/copy-files';
import { reasonNotToStop } from '../../../activities/mysql/physical/donor';
import { onlyFileOf, parseMark, type SeedMark } from '../../../activities/mysql/physical/mark';

describe('a donor', () => {
  const follows = { receiver: 'running', applier: 'running', delaySeconds: 0 } as const;
  const async = { sourceEnabled: false, clients: 0, required: 1 };

  test.each([
    ['that replicates may be stopped with async', follows, false, async, undefined],
    ['that does not replicate is none', { ...follows, applier: 'stopped' as const }, false, async, /does not replicate/],
    ['that is behind on purpose is none', { ...follows, delaySeconds: 60 }, false, async, /on purpose/],
    ['that is one of two acknowledgers may be stopped', follows, true, { sourceEnabled: true, clients: 2, required: 1 }, undefined],
    [
      'that is the only acknowledger is never stopped',
      follows,
      true,
      { sourceEnabled: true, clients: 1, required: 1 },
      /writes would wait/,
    ],
    [
      'that does not acknowledge may be stopped beside one that does',
      follows,
      false,
      { sourceEnabled: true, clients: 1, required: 1 },
      undefined,
    ],
  ])('%s', (_name, view, replicaEnabled, primary, expected) => {
    const reason = reasonNotToStop('db-2', view, { replicaEnabled }, primary);
    if (expected === undefined) expect(reason).toBeUndefined();
    else expect(reason).toMatch(expected);
  });

  test('never leaves a commit without the receipts that it needs', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.integer({ min: 1, max: 3 }), fc.boolean(), (clients, required, replicaEnabled) => {
        const may = reasonNotToStop('db-2', follows, { replicaEnabled }, { sourceEnabled: true, clients, required }) === undefined;
        return !may || clients - Number(replicaEnabled) >= required;
      }),
    );
  });
});

describe('the mark of a copy', () => {
  const mark: SeedMark = {
    copy: 'this',
    state: 'copied',
    member: 'db-4',
    donor: 'db-3',
    primary: 'db-1',
    bytes: 12,
    position: { from: { file: 'binlog.000002', position: 120 } },
  };

  test('is read back as it was written', () => {
    const archive = tarOf([{ path: '/drydock.seeded', content: JSON.stringify(mark), mode: 0o600 }]);
    expect(parseMark(onlyFileOf(archive), 'db-4', 'this')).toEqual(mark);
  });

  test.each([
    ['that was cut off', JSON.stringify(mark).slice(0, 40), 'db-4'],
    ['of another member', JSON.stringify(mark), 'db-5'],
    ['of another copy', JSON.stringify({ ...mark, copy: 'earlier' }), 'db-4'],
    ['without words', '', 'db-4'],
  ])('%s says that there is no copy', (_name, text, member) => {
    expect(parseMark(text, member, 'this')).toMatchObject({ state: 'void', member });
  });
});

test.each([
  ['bytes 1234\n', { bytes: 1234 }],
  ['place binlog.000007 4711 \nbytes 99', { bytes: 99, place: { file: 'binlog.000007', position: 4711 } }],
  // Later versions have other lines there.
  ['place 253 binlog.000001 \nbytes 99', { bytes: 99 }],
])('what the copying container says: %j', (output, expected) => {
  expect(readOutput(output)).toEqual(expected);
});

test('whoever does not stay takes the last free address', () => {
  const subnet = '10.213.1.32/27';
  const all = Array.from({ length: 21 }, (_, index) => memberAddress(subnet, index));
  expect(lastFreeMemberAddress(subnet, new Set())).toBe(all.at(-1));
  expect(lastFreeMemberAddress(subnet, new Set(all.slice(5)))).toBe(all[4]);
  expect(lastFreeMemberAddress(subnet, new Set(all))).toBeUndefined();
});
