"""Opposite words, as a list written for this project."""

from __future__ import annotations

from curation.clash.words_categories import listed

# Both cannot be said of one thing in one respect. Each line: one side | the other side.
OPPOSITES = """
left | right
acute | chronic
male males | female females
man men gentleman guy father dad husband | woman women lady mother mom mum wife
boy boys son brother | girl girls daughter sister
he him his himself | she her hers herself
upper | lower
before | after
high higher highest tall | low lower lowest
above over on_top_of | below under beneath underneath
increase increased increases increasing rise rises rose raise | decrease decreased decreases decreasing fall falls drop
increase increased increases increasing rise rises rose raise | drops dropped lower lowered shrink shrinks reduce
increase increased increases increasing rise rises rose raise | reduced reduces decline declined loss down
raised grow grows grew gain gained up | decrease decreased decreases decreasing fall falls fell drop
raised grow grows grew gain gained up | drops dropped lower lowered shrink shrinks shrank reduce
raised grow grows grew gain gained up | reduced reduces decline declined loss down
more | less fewer
most | least
many several | few
maximum | minimum
at_least | at_most
benign | malignant
always | never rarely seldom sometimes
often frequently usually | rarely seldom never
everybody everyone | nobody no_one
somebody someone anybody anyone | nobody no_one
everywhere | nowhere
all every each both | none neither no
allowed permitted legal lawful | forbidden prohibited banned illegal unlawful
allow allows permit permits let lets | forbid forbids prohibit prohibits ban bans
valid | invalid
true | false untrue
correct right | incorrect wrong
on | off
enable enabled enables | disable disabled disables
primary | secondary
initial | final subsequent
first | last
with including | without excluding
include includes included including | exclude excludes excluded excluding
positive | negative
open opened opens opening | closed close closes closing shut
new modern | old ancient
young younger youthful teenage | old older elderly senior aged
in inside indoors indoor within | out outside outdoors outdoor
into onto | out_of off
best | worst
better | worse
good great excellent | bad terrible awful poor
safe | unsafe dangerous
possible | impossible
can could able | cannot unable
agree agrees agreed | disagree disagrees disagreed
same identical | different
near close nearby close_to next_to beside adjacent | far far_away far_from far_away_from distant
in_front_of | behind
front | back rear
top | bottom
big large huge giant great enormous massive gigantic | small little tiny
long longer | short shorter
tall taller | short shorter
wide broad | narrow
thick | thin
deep | shallow
heavy | light
fast faster quick quickly rapid rapidly | slow slower slowly
hot | cold
warm | cool
dry | wet
clean | dirty
full crowded | empty deserted
hard difficult | easy simple
hard | soft
strong | weak
bright | dim dull dark
light | dark
white | dark
loud loudly noisy | quiet quietly silent
rich wealthy | poor
happy happily cheerful glad joyful delighted | sad sadly unhappy miserable depressed upset
smile smiles smiling | frown frowns frowning
laugh laughs laughing | cry cries crying weep weeping
alive living | dead
asleep sleeping | awake
sleep sleeps sleeping | wake wakes waking
sit sits sitting seated | stand stands standing
lie lies lying | stand stands standing
walk walks walking run runs running | sit sits sitting seated
stand stands standing | run runs running
move moves moving | stop_moving still motionless
start starts started starting begin begins began beginning | stop stops stopped stopping end ends ended ending
start starts started starting begin begins began beginning | finish finishes finished finishing
start beginning | end finish
continue continues continued | stop stops stopped discontinue discontinues discontinued
love loves loved loving like likes liked | hate hates hated hating dislike dislikes disliked
accept accepts accepted accepting | reject rejects rejected refuse refuses refused decline declines declined
buy buys bought buying | sell sells sold selling
win wins won winning | lose loses lost losing
arrive arrives arrived arriving | depart departs departed leave leaves leaving
enter enters entered entering | exit exits exited leave leaves leaving
come comes came | go goes went
give gives gave giving | take takes took taking
push pushes pushed pushing | pull pulls pulled pulling
pass passed passes | fail failed fails
succeed succeeds succeeded success successful successfully | fail fails failed failure unsuccessful unsuccessfully
attack attacks attacked attacking | defend defends defended defending
remember remembers remembered | forget forgets forgot
appear appears appeared appearing | disappear disappears disappeared vanish vanishes
add adds added adding | remove removes removed removing subtract subtracts subtracted
put_on puts_on putting_on | take_off takes_off taking_off
build builds built building | destroy destroys destroyed demolish
create creates created | destroy destroys destroyed delete deletes deleted
turn_on turns_on turned_on switch_on | turn_off turns_off turned_off switch_off
lock locks locked | unlock unlocks unlocked
connect connected connects | disconnect disconnected disconnects
import imports imported | export exports exported
encrypt encrypted | decrypt decrypted
ascend ascends ascending climb_up | descend descends descending climb_down
ascending | descending
sun sunlight | moon moonlight
sun-lit sunlit | moon-lit moonlit
day daytime daylight | night nighttime
am | pm
a.m | p.m
early earlier | late later
past | future
yesterday | tomorrow
summer | winter
north northern | south southern
east eastern | west western
horizontal horizontally | vertical vertically
public publicly | private privately
free | paid
cheap cheaper inexpensive | expensive costly
married | single unmarried divorced
pregnant | nonpregnant
guilty | innocent
friend friends friendly | enemy enemies hostile
ally | enemy
parent parents | child children
teacher | student pupil
internal internally | external externally
input | output
major | minor
majority | minority
mild minor | severe serious
mandatory compulsory required obligatory | optional voluntary
permanent permanently | temporary temporarily
partial partially partly | complete completely full fully total totally
proximal | distal
anterior | posterior
medial | lateral
superior | inferior
systolic | diastolic
hypertension hypertensive | hypotension hypotensive
hyperglycemia | hypoglycemia
hyperthyroidism | hypothyroidism
tachycardia | bradycardia
inhale inhales inspiration | exhale exhales expiration
dilated dilate | constricted constrict
bilateral bilaterally | unilateral unilaterally
viral | bacterial
fasting | fed
worsened worsening worse worsens | improved improving better improves
deteriorated deteriorating | improved improving
symmetric symmetrical | asymmetric asymmetrical
tender | nontender
regular regularly | irregular irregularly
normal | abnormal
stable | unstable
conscious | unconscious
compliant | noncompliant
smoker | nonsmoker non-smoker
active | inactive
alkaline | acidic
analog analogue | digital
synchronous | asynchronous
even | odd
rough | smooth
sharp | dull blunt
straight | curly curved crooked
sweet | sour bitter
tight | loose
polite | rude impolite
brave | cowardly
lazy | hardworking
healthy well | sick ill unhealthy
clothed dressed | naked nude undressed
cooked | raw
awake | asleep
calm calmly | angry nervous agitated
patiently | impatiently
carefully | carelessly recklessly
interested | bored uninterested
together | apart separately alone
forward forwards | backward backwards
clockwise | counterclockwise anticlockwise
toward towards | away_from
up upward upwards uphill | down downward downwards downhill
upstairs | downstairs
approve approves approved | reject rejects rejected disapprove
confirm confirmed confirms | rule_out ruled_out rules_out exclude excluded
present | absent
guilty | acquitted
profit | loss
deposit deposits deposited | withdraw withdraws withdrew
debit | credit
borrow borrows borrowed | lend lends lent
lender | borrower
buyer | seller
employer | employee
plaintiff | defendant
hired | fired dismissed
promote promoted | demote demoted
supply | demand
surplus | deficit
success | failure
victory | defeat
war | peace
heaven | hell
truth | lie
noisy | quiet
absorb absorbs | emit emits
expand expands expanded | contract contracts contracted shrink shrinks
freeze freezes frozen | melt melts melted thaw thaws boil boils
heat heated heating | cool cooled cooling chill chilled
fill fills filled filling | empty empties emptied emptying
tie ties tied | untie unties untied
wrap wraps wrapped | unwrap unwraps unwrapped
load loads loaded loading | unload unloads unloaded unloading
pack packs packed | unpack unpacks unpacked
cover covers covered | uncover uncovers uncovered
dress dresses | undress undresses
throw throws threw throwing | catch catches caught catching
follow follows followed following | lead leads led leading
chase chases chasing | flee flees fleeing
hide hides hidden hiding | reveal reveals show shows showing
whisper whispers whispering | shout shouts shouting yell yells yelling scream
join joins joined | separate separates separated
tighten tightens tightened | loosen loosens loosened
"""

# Opposites that are often both true, or have other meanings, of everyday speech: they count only where all else is the
# same words.
LOOSE = listed(
    """father dad husband mother mom mum wife son brother daughter sister
    come comes came go goes went give gives gave giving take takes took taking like likes liked on off in out up
    down right back old new light hard well still free even odd single major minor good great over under with
    without some both each pass passed passes end follow follows followed following lead leads led leading catch
    cover covers covered join present past lie lies lying close front top show shows showing move moves moving"""
)
