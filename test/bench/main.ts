import { benchJudge } from './judge.ts';
import { benchService } from './service.ts';

benchJudge();
await benchService();
