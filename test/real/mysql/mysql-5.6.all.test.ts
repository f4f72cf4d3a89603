import { describeVersion } from './suite';

describeVersion({ engine: 'mysql', version: '5.6' });
