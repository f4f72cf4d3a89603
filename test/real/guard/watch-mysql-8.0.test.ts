import { watchSuite } from './watch-suite';

watchSuite({ engine: 'mysql', version: '8.0' });
