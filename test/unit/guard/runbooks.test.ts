import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { diagnoses } from '../../../schemas/guard';

it('every diagnosis has its runbook, and every runbook its diagnosis', () => {
  const pages = readdirSync(join(__dirname, '../../../docs/runbooks')).map((file) => file.replace(/\.md$/, ''));
  expect(pages.filter((page) => page !== 'README').sort()).toEqual([...diagnoses].sort());
});
