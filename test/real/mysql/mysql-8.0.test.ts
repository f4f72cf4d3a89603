import { describeVersion } from './suite';

describeVersion({ engine: 'mysql', version: '8.0' });
