"""Words for the same, and words that are broader than others, as lists written for this project."""

from __future__ import annotations

# One in place of the other contradicts nothing. Each line is a group; groups are not joined over a shared word.
SAME = """
small little tiny
big large huge giant enormous massive gigantic
happy glad pleased delighted joyful cheerful
sad unhappy miserable
near close_to next_to beside by nearby close
street road
couch sofa
mother mom mum mommy
father dad daddy
nobody no_one
person people someone somebody anyone anybody human individual
quick quickly fast rapid rapidly
talk speak
man guy gentleman male
woman lady female
child kid youngster toddler
cyclist biker bicyclist bicycle_rider
bike bicycle motorbike
motorcycle motorbike bike
piano keyboard
phone telephone
makeup make-up cosmetic
gun pistol rifle shotgun
fire shoot
put place set lay pack sprinkle
sprinkle pour
mix stir blend
burrow dig
follow chase pursue
push press
guard defend protect
use apply
fix attach fasten
wear dress
picture photo photograph image
movie film
car automobile
truck lorry
cut slice chop dice
cook fry boil grill
peel skin
eat chew
jump leap hop bounce
jog run sprint
run race
walk stroll hike wander
ride drive
climb scale
throw toss hurl
rest relax
begin start commence
stop halt cease end finish
buy purchase
like enjoy love
sell vend
show demonstrate display
fix repair mend
help assist aid
use utilise utilize employ
need require
get receive obtain acquire
keep retain maintain
pick select choose
look watch stare see observe view check
grass lawn field
lake water pond
ocean sea water
river stream water
forest woods wood
rock stone
hill mountain
beach shore seashore sand
trousers pants jeans
coat jacket
hat cap
soccer football
yard garden
outside outdoors outdoor
inside indoors indoor
pan pot
prawn shrimp
racket racquet
angry mad furious
pretty beautiful lovely
old ancient elderly
ill sick unwell
doctor physician
drug medication medicine
illness disease
allowed permitted
forbidden prohibited banned
many several numerous
wrong incorrect
right correct
hard difficult
easy simple
clever smart intelligent
important significant
error mistake
answer reply respond
hypertension high_blood_pressure
fever febrile
dyspnea shortness_of_breath breathless
tired fatigued fatigue tiredness
nausea nauseous nauseated
emesis vomiting
pruritus itching itchy
edema oedema swelling
tobacco smoking cigarettes
alcohol drinking
pain ache painful
belly stomach abdomen abdominal
bathroom restroom toilet
holiday vacation
shop store
film movie
flat apartment
gift present
delete erase remove
create make
wonderful great excellent
terrible awful horrible
wash rinse clean
whisk beat stir mix
spray squirt splash
drink sip lick
burn ignite
hammer pound bang nail
sew stitch
hit strike kick punch
hold carry grasp grip
perform play
talk chat converse say speak
smile grin
shout yell scream
sleep nap doze
lie lay
pick lift raise
draw sketch paint
paddle row
swim wade dive
ride trot gallop
infant baby toddler
crowd group
path trail track
field meadow pasture
fire bonfire campfire
cookie biscuit
rope cord
put_on apply
take_off remove take_out
take_away remove
feed give
attack assault
gather collect assemble
teach instruct
tell inform
call phone
allow permit let
forbid prohibit ban
prevent avoid
happen occur
seem appear
live reside
die pass_away perish
earn make
last continue
try attempt
want wish desire
think believe
know understand
ask enquire inquire
reduce decrease lower
increase raise grow rise
grow expand
contain include hold
consist comprise
cause produce
send mail ship
connect link join
huge vast
broad wide
slim thin slender
fat overweight obese
blond blonde
bright shiny
noisy loud
quiet silent
wealthy rich
cheap inexpensive
expensive costly
rotate turn spin
shut close
large sizeable
boat ship
plane airplane aircraft
train railway
job work occupation
house home
boss manager
lawyer attorney
pupil student
teenager teen adolescent
elderly senior aged
infection infected
myocardial_infarction heart_attack
stroke cva
diabetes diabetic
hysterectomy uterus_removed
surgery operation surgical
tumor tumour
diarrhea diarrhoea
seizure convulsion
syncope fainting fainted
hematuria blood_in_urine
allergy allergic allergies
breath breathe breathing
sore tender
rash eruption
heart cardiac
kidney renal
liver hepatic
lung pulmonary
"""

# The broader words of a line in place of its narrower ones contradict nothing, nor the reverse.
BROADER = """
child kid youngster: boy girl teen teenager toddler baby infant
person people someone somebody human individual anyone anybody: man woman guy lady boy girl child kid adult
person people someone somebody human individual anyone anybody: cyclist biker cook chef player rider dancer pianist
person people someone somebody human individual anyone anybody: singer musician surfer hiker skater swimmer runner
person people someone somebody human individual anyone anybody: worker officer doctor patient teacher student male
person people someone somebody human individual anyone anybody: female bicyclist couple gentleman driver
male: man boy guy gentleman
female: woman girl lady
animal: dog cat horse bird deer panda monkey elephant puppy kitten lion tiger cow sheep goat rabbit
vehicle: car truck bus motorcycle bike van lorry
meat: steak chicken beef pork lamb ham
food: meal meat vegetable fruit bread pizza
vegetable: potato tomato onion carrot pepper broccoli zucchini cucumber
dog: puppy hound
cat: kitten kitty
instrument: guitar piano flute violin drum trumpet
medication medicine drug: tablet pill antibiotic
tree: oak pine
"""
